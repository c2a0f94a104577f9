import type { UpdateStrategy } from '../guaranteed-update.ts';
import { immutableEntries } from './ephemeral-rules.ts';
import { onlyChange, updateAndPatch } from './restricted.ts';

/** pods/ephemeralcontainers: containers may be added, never changed. Source: KEP-277. */
const strategy: UpdateStrategy = {
  prepare(_call, object, old) {
    onlyChange(object, old, (from, to) => {
      to['spec'] = { ...to['spec'], ephemeralContainers: from['spec']?.ephemeralContainers };
      if (from.metadata.resourceVersion) to.metadata.resourceVersion = from.metadata.resourceVersion;
    });
    // Generation follows the spec.
  },
  validate(call, object, old) {
    const causes = call.type.rules.validate?.(object) ?? [];
    return [...causes, ...immutableEntries(object['spec'].ephemeralContainers, old['spec'].ephemeralContainers)];
  },
};

export const ephemeralContainers = updateAndPatch(strategy);
