import { keyOf, type Stored } from '../../../lib/api/object.ts';
import { fromLabelSelector } from '../../../lib/api/selectors.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { OwnerReference, Pod, PodDisruptionBudget } from '../../../lib/api/types.ts';
import { type Cache, type Caches, type Controller, type Result, watch } from '../../../lib/client/controller.ts';
import {
  deployments,
  podDisruptionBudgets,
  pods,
  replicaSets,
  replicationControllers,
  statefulSets,
} from '../../../lib/client/resource-type.ts';
import { type ControllerDependencies, hands } from '../dependencies.ts';
import { controllerOf, isReady } from '../pod-state.ts';
import { sameStatus } from '../same-status.ts';
import { planBudget } from './plan.ts';

/** Says in every PodDisruptionBudget how many evictions it can bear. */
export function createDisruptionController(dependencies: ControllerDependencies): Controller {
  const cache = dependencies.caches.cache(podDisruptionBudgets);
  const podCache = dependencies.caches.cache(pods);
  const expectedOf = expectedPods(dependencies.caches);
  const own = hands(dependencies, 'disruption-controller', 'controllermanager');
  const everyBudget = (object: { metadata: { namespace?: string | undefined } }) =>
    cache.list(object.metadata.namespace).map(keyOf);
  return {
    name: 'disruption',
    concurrency: 2,
    watches: [
      watch(podDisruptionBudgets, (budget) => (budget ? [keyOf(budget)] : [])),
      watch(pods, (pod, previous) => (sameForBudgets(pod, previous) ? [] : budgetsOf(cache, pod, previous))),
      ...[replicaSets, deployments, statefulSets, replicationControllers].map((type) =>
        watch<any>(type, (object, previous) =>
          object?.spec?.replicas === previous?.spec?.replicas ? [] : everyBudget((object ?? previous)!),
        ),
      ),
    ],
    async reconcile(key): Promise<Result | undefined> {
      const budget = cache.get(key);
      if (!budget || budget.metadata.deletionTimestamp) return undefined;
      const selector = fromLabelSelector(budget.spec?.selector);
      const selected = podCache.list(budget.metadata.namespace).filter((pod) => selector.matches(pod.metadata.labels));
      const plan = planBudget({ budget, pods: selected, expected: expectedOf(selected), now: own.clock.now() });
      if (!sameStatus(budget.status, plan.status)) {
        try {
          await own.client.update(podDisruptionBudgets, { ...budget, status: plan.status }, { subresource: 'status' });
        } catch (error) {
          if (!isReason(error, 'NotFound')) throw error;
        }
      }
      return plan.recheckMs === undefined ? undefined : { requeueAfterMs: plan.recheckMs };
    },
  };
}

function sameForBudgets(a: Stored<Pod> | undefined, b: Stored<Pod> | undefined): boolean {
  if (!a || !b) return false;
  const face = ({ metadata, status }: Stored<Pod>) =>
    JSON.stringify([metadata.labels, metadata.deletionTimestamp, status?.phase]);
  return isReady(a) === isReady(b) && face(a) === face(b);
}

function budgetsOf(
  cache: Cache<PodDisruptionBudget>,
  pod: Stored<Pod> | undefined,
  previous: Stored<Pod> | undefined,
): string[] {
  return cache
    .list((pod ?? previous)!.metadata.namespace)
    .filter(({ spec }) =>
      [pod, previous].some((version) => version && fromLabelSelector(spec?.selector).matches(version.metadata.labels)),
    )
    .map(keyOf);
}

/** What the controllers of pods are to have, each counted once. Pods without one count as nobody's. */
function expectedPods(caches: Caches): (selected: readonly Stored<Pod>[]) => number {
  const sets = caches.cache(replicaSets);
  const scales: Record<string, Cache<any>> = {
    Deployment: caches.cache(deployments),
    ReplicaSet: sets,
    StatefulSet: caches.cache(statefulSets),
    ReplicationController: caches.cache(replicationControllers),
  };
  const top = (namespace: string | undefined, owner: OwnerReference): OwnerReference => {
    const set = owner.kind === 'ReplicaSet' ? sets.get(`${namespace}/${owner.name}`) : undefined;
    return (set && controllerOf(set)) ?? owner;
  };
  return (selected) => {
    const owners = new Map<string, number>();
    for (const pod of selected) {
      const owner = controllerOf(pod);
      if (!owner) continue;
      const { kind, name, uid } = top(pod.metadata.namespace, owner);
      owners.set(uid, scales[kind]?.get(`${pod.metadata.namespace}/${name}`)?.spec?.replicas ?? 0);
    }
    return [...owners.values()].reduce((sum, replicas) => sum + replicas, 0);
  };
}
