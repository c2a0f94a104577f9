import type { ObjectMeta } from '../../../../lib/api/types.ts';
import { ruleContext } from '../create.ts';
import { metadataCauses, type UpdateStrategy } from '../guaranteed-update.ts';
import type { WithMeta } from '../metadata.ts';
import { updateAndPatch } from './restricted.ts';

/** PUT and PATCH of /status: the rest of the object stays as it is. */
export const statusStrategy: UpdateStrategy = {
  prepare(call, object, old) {
    const { prepareForStatusUpdate } = call.type.rules;
    if (prepareForStatusUpdate) prepareForStatusUpdate(object, old, ruleContext(call));
    else keepAllButStatus(object, old);
  },
  validate(call, object, old) {
    const { type } = call;
    const causes = metadataCauses(object, old, type);
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
  const { metadata, status: wanted } = object as WithMeta & { status?: unknown };
  for (const field of Object.keys(object)) delete object[field];
  Object.assign(object, structuredClone(old));
  for (const field of WRITABLE_METADATA) {
    if (metadata[field] === undefined) delete object.metadata[field];
    else Object.assign(object.metadata, { [field]: metadata[field] });
  }
  if (wanted === undefined) delete object['status'];
  else object['status'] = wanted;
}

export const status = updateAndPatch(statusStrategy);
