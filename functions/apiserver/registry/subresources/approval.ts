import type { UpdateStrategy } from '../guaranteed-update.ts';
import { onlyChange, updateAndPatch } from './restricted.ts';

/** certificatesigningrequests/approval: the conditions Approved and Denied alone. Source: pkg/registry/certificates. */
const approvalStrategy: UpdateStrategy = {
  prepare(_call, object, old) {
    onlyChange(object, old, (from, to) => {
      const conditions = from['status']?.conditions;
      to['status'] = { ...to['status'], conditions };
      if (!conditions) delete to['status'].conditions;
    });
  },
  validate: (call, object, old) => call.type.rules.validateStatusUpdate?.(object, old) ?? [],
};

export const approval = updateAndPatch(approvalStrategy);
