import type { Stored } from '../../../lib/api/object.ts';
import { fromLabelSelector } from '../../../lib/api/selectors.ts';
import type { Pod, ReplicaSet } from '../../../lib/api/types.ts';
import type { Cache, Controller } from '../../../lib/client/controller.ts';
import { pods, replicaSets } from '../../../lib/client/resource-type.ts';
import { type ControllerDependencies, hands } from '../dependencies.ts';
import { controllerOf, isActive } from '../pod-state.ts';
import { createReplicaController } from './replicas.ts';

export function createReplicaSetController(dependencies: ControllerDependencies): Controller {
  const cache = dependencies.caches.cache(replicaSets);
  return createReplicaController(
    {
      name: 'replicaset',
      type: replicaSets,
      countsTerminating: true,
      selector: (replicaSet) => fromLabelSelector(replicaSet.spec.selector),
      spec: ({ spec }) => ({
        replicas: spec.replicas ?? 1,
        minReadySeconds: spec.minReadySeconds ?? 0,
        template: spec.template ?? {},
      }),
      related: (replicaSet, podCache) => relatedByNode(replicaSet, cache, podCache),
    },
    cache,
    dependencies.caches.cache(pods),
    hands(dependencies, 'replicaset-controller'),
  );
}

/** All ReplicaSets of one Deployment spread together. */
function relatedByNode(
  replicaSet: Stored<ReplicaSet>,
  cache: Cache<ReplicaSet>,
  podCache: Cache<Pod>,
): Map<string, number> {
  const deployment = controllerOf(replicaSet);
  const siblings = deployment ? cache.ownedBy(deployment.uid) : [replicaSet];
  const counts = new Map<string, number>();
  for (const sibling of siblings) {
    for (const pod of podCache.ownedBy(sibling.metadata.uid)) {
      const node = pod.spec?.nodeName;
      if (node && isActive(pod)) counts.set(node, (counts.get(node) ?? 0) + 1);
    }
  }
  return counts;
}
