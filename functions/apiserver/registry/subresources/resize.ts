import type { Container } from '../../../../lib/api/types.ts';
import type { UpdateStrategy } from '../guaranteed-update.ts';
import { onlyChange, updateAndPatch } from './restricted.ts';

/** pods/resize: the resources and resize policies of containers alone. Source: KEP-1287. */
const strategy: UpdateStrategy = {
  prepare(_call, object, old) {
    onlyChange(object, old, (from, to) => {
      const spec = to['spec'];
      spec.containers = resized(spec.containers, from['spec']?.containers);
      if (spec.initContainers) spec.initContainers = resized(spec.initContainers, from['spec']?.initContainers);
    });
  },
  validate: (call, object) => call.type.rules.validate?.(object) ?? [],
};

function resized(containers: Container[], given: Container[] = []): Container[] {
  return containers.map((container) => {
    const wanted = given.find(({ name }) => name === container.name);
    if (!wanted) return container;
    const { resources, resizePolicy } = wanted;
    return { ...container, resources, ...(resizePolicy ? { resizePolicy } : {}) };
  });
}

export const resize = updateAndPatch(strategy);
