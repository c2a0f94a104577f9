import type { ObjectMeta } from '../../../../lib/api/types.ts';
import { metadataCauses, type UpdateStrategy } from '../guaranteed-update.ts';
import type { WithMeta } from '../metadata.ts';
import { onlyChange, updateAndPatch } from './restricted.ts';

/** PUT and PATCH of /status: the rest of the object stays as it is. */
export const statusStrategy: UpdateStrategy = {
  prepare(call, object, old) {
    const { prepareForStatusUpdate } = call.type.rules;
    if (prepareForStatusUpdate) prepareForStatusUpdate(object, old);
    else keepAllButStatus(object, old);
  },
  validate(call, object, old) {
    const { type } = call;
    const causes = metadataCauses(object, old, { namespaced: type.namespaced, nameFormat: type.rules.nameFormat });
    if (type.rules.validateStatusUpdate) causes.push(...type.rules.validateStatusUpdate(object, old));
    return causes;
  },
};

/** Of metadata these may be written here too, as the built-in strategies let them. */
const WRITABLE_METADATA: readonly (keyof ObjectMeta)[] = [
  'annotations',
  'labels',
  'finalizers',
  'ownerReferences',
  'managedFields',
];

export function keepAllButStatus(object: WithMeta, old: WithMeta): void {
  onlyChange(object, old, (from, to) => {
    for (const field of WRITABLE_METADATA) {
      if (from.metadata[field] === undefined) delete to.metadata[field];
      else Object.assign(to.metadata, { [field]: from.metadata[field] });
    }
    if (from['status'] === undefined) delete to['status'];
    else to['status'] = from['status'];
  });
}

export const status = updateAndPatch(statusStrategy);
