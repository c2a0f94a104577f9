import { createHash } from 'node:crypto';
import type { Stored } from '../../lib/api/object.ts';
import { amounts } from '../../lib/api/scheduling/pod-requests.ts';
import { isReason } from '../../lib/api/status.ts';
import { timeMs } from '../../lib/api/time.ts';
import { type Controller, watch } from '../../lib/client/controller.ts';
import { CATCH_UP_MS, OwnWrites } from '../../lib/client/own-writes.ts';
import { pods } from '../../lib/client/resource-type.ts';
import type { Instances } from '../../lib/cloud/instances.ts';
import { conditionOf } from '../controllers/conditions.ts';
import { type ControllerDependencies, type Hands, hands } from '../controllers/dependencies.ts';
import { podInfo } from '../scheduler/pod-info.ts';
import { DEFAULT_EXPIRE_AFTER, type NodeClaim, type NodePool, nodeClaims, nodePools, TERMINATION } from './api.ts';
import { candidatesOf } from './candidates.ts';
import { Cluster, isUnschedulable } from './cluster.ts';
import { type Launch, planCapacity } from './plan.ts';
import type { SoldOutOfferings } from './sold-out.ts';

/** All pending pods are planned for together: there is one thing to reconcile. */
const KEY = 'pending';
/** Pods of one rollout come one after the other: as Karpenter, a round waits until none has come for so long. */
const BATCH_IDLE_MS = 1_000;

/** Makes machines for pods that fit nowhere. */
export function createProvisioning(
  dependencies: ControllerDependencies,
  instances: Instances,
  soldOut: SoldOutOfferings,
): Controller {
  const cluster = new Cluster(dependencies.caches);
  const pools = dependencies.caches.cache(nodePools);
  const own = hands(dependencies, 'capacity-controller', 'capacity');
  const writes = new OwnWrites();
  return {
    name: 'capacity-provisioning',
    watches: [
      watch(pods, (pod) => (pod && isUnschedulable(pod) ? [KEY] : [])),
      watch(nodePools, () => [KEY]),
      // A machine that came to nothing: its pods still wait.
      watch(nodeClaims, (claim) => (claim ? [] : [KEY])),
    ],
    async reconcile() {
      const pending = cluster.pending();
      if (pending.length === 0) return undefined;
      const waitMs = BATCH_IDLE_MS - (own.clock.now() - Math.max(...pending.map(foundMs)));
      if (waitMs > 0) return { requeueAfterMs: waitMs };
      // Without the machines that are on their way the same pods would be given others.
      if (!writes.caughtUp(KEY)) return { requeueAfterMs: CATCH_UP_MS };
      const types = await instances.types();
      const byWeight = [...pools.list()].sort((a, b) => (b.spec.weight ?? 0) - (a.spec.weight ?? 0));
      const plan = planCapacity({
        pending: pending.map(podInfo),
        pools: byWeight.map((pool) => candidatesOf(pool, types, soldOut.has)),
        snapshot: cluster.snapshot(),
        plugins: cluster.plugins,
        daemons: (node) => cluster.daemons(node),
        headroom: ({ pool }) => headroom(pool, cluster.claims.list()),
      });
      for (const launch of plan.launches) {
        const made = await claim(launch, own);
        if (made) writes.wrote(KEY, cluster.claims, made);
      }
      for (const { pod } of plan.hopeless) own.recorder.warning(pod, 'FailedScaleUp', hopeless(byWeight));
      return undefined;
    },
  };
}

function foundMs(pod: Parameters<typeof podInfo>[0]): number {
  return timeMs(conditionOf(pod.status?.conditions, 'PodScheduled')?.lastTransitionTime) || 0;
}

function hopeless(pools: readonly NodePool[]): string {
  if (pools.length === 0) return 'no NodePool says which machines may be made: kubectl get nodepools';
  const names = pools.map(({ metadata }) => metadata!.name).join(', ');
  return `no machine that a NodePool allows (${names}) would take this pod`;
}

/** The name says which pods it is for: who plans the same again makes the same claim, once. Undefined: it was there. */
async function claim(
  { candidate, pods: taken }: Launch,
  { client, recorder }: Hands,
): Promise<Stored<NodeClaim> | undefined> {
  const { pool, type, offering, node } = candidate;
  const uids = taken.map(({ uid }) => uid).sort();
  const hash = createHash('sha256').update(uids.join(',')).digest('hex').slice(0, 10);
  const { 'kubernetes.io/hostname': _, ...labels } = node.metadata.labels ?? {};
  const object: NodeClaim = {
    apiVersion: 'zeroplane.dev/v1',
    kind: 'NodeClaim',
    metadata: { name: `${pool.metadata!.name}-${hash}`, labels: { ...labels }, finalizers: [TERMINATION] },
    spec: {
      nodePool: pool.metadata!.name!,
      instanceType: type.name,
      architecture: type.architecture,
      zone: offering.zone,
      capacityType: offering.capacityType,
      resources: node.status!.allocatable as Record<string, string>,
      labels,
      taints: pool.spec.template.spec.taints ?? [],
      expireAfter: pool.spec.template.spec.expireAfter ?? DEFAULT_EXPIRE_AFTER,
    },
  };
  try {
    const made = await client.create(nodeClaims, object);
    for (const { pod } of taken) {
      recorder.normal(
        pod,
        'TriggeredScaleUp',
        `pod triggered scale-up: NodeClaim ${made.metadata.name} (${type.name}, ${offering.zone})`,
      );
    }
    return made;
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
    return undefined;
  }
}

/** What a pool's limits leave; absent: it has none. */
function headroom({ metadata, spec }: NodePool, claims: readonly NodeClaim[]): Map<string, number> | undefined {
  if (!spec.limits) return undefined;
  const left = amounts(spec.limits);
  for (const { spec: claimed } of claims.filter((one) => one.spec.nodePool === metadata!.name)) {
    for (const [resource, amount] of amounts(claimed.resources)) {
      if (left.has(resource)) left.set(resource, left.get(resource)! - amount);
    }
  }
  return left;
}
