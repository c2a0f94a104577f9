import type { Stored } from '../../../lib/api/object.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { Lease, Node, Pod } from '../../../lib/api/types.ts';
import { virtualProvider } from '../../../lib/api/virtual-node.ts';
import type { Cache, Controller, Result } from '../../../lib/client/controller.ts';
import { leases, nodes, pods } from '../../../lib/client/resource-type.ts';
import { eachBounded } from '../../../lib/runtime/bounded.ts';
import { timestamp } from '../../../lib/runtime/clock.ts';
import { conditionOf } from '../conditions.ts';
import { type ControllerDependencies, type Hands, hands } from '../dependencies.ts';
import { isReady } from '../pod-state.ts';
import { lastHeartbeatMs, sameTaints, taintsFor, unknownConditions } from './conditions.ts';
import { BY_NODE, indexByNode } from './index-by-node.ts';

/** kube-controller-manager's --node-monitor-grace-period: for kubelet's Lease of 40 s. */
const GRACE_MS = 50_000;
/** A Lease that promises less often is given more time, up to a bound that no node can lift. */
const GRACE_OF_LEASE = 1.25;
const MAX_GRACE_MS = 300_000;
/** A timer may fire a little early on a skewed clock. */
const SLACK_MS = 500;
/** kube-controller-manager's --node-monitor-period: a silent node is noticed so much later at most. */
const MONITOR_PERIOD_MS = 5000;
const LEASE_NAMESPACE = 'kube-node-lease';
const MAX_IN_FLIGHT = 16;

/** Finds nodes whose agent is silent, and taints nodes after their conditions. Nobody is called when heartbeats stop: it looks when they would be too old. */
export function createNodeLifecycleController(dependencies: ControllerDependencies): Controller {
  const { caches, clock, aliveSinceMs = 0 } = dependencies;
  const cache = caches.cache(nodes);
  const leaseCache = caches.cache(leases);
  const podCache = caches.cache(pods);
  indexByNode(podCache);
  const own = hands(dependencies, 'node-controller');
  return {
    name: 'node-lifecycle',
    concurrency: 8,
    watches: [{ type: nodes, keys: (node) => (node ? [node.metadata.name] : []) }],
    async reconcile(name): Promise<Result | undefined> {
      const node = cache.get(name);
      if (!node || node.metadata.deletionTimestamp) return undefined;
      // Nobody sends heartbeats for it.
      if (virtualProvider(node)) return void (await taint(node, own));
      const lease = leaseCache.get(`${LEASE_NAMESPACE}/${name}`);
      // While the apiserver was not there to be told, silence means nothing.
      const heard = Math.max(aliveSinceMs, lastHeartbeatMs(node, lease?.spec?.renewTime));
      const graceMs = graceOf(lease);
      const silentInMs = heard + graceMs - clock.now();
      const current = silentInMs <= 0 ? await markUnknown(node, podCache, own) : node;
      await taint(current, own);
      const requeueAfterMs = silentInMs > 0 ? silentInMs + SLACK_MS : graceMs;
      return { requeueAfterMs, slackMs: MONITOR_PERIOD_MS };
    },
  };
}

export function graceOf(lease: Lease | undefined): number {
  const durationMs = (lease?.spec?.leaseDurationSeconds ?? 0) * 1000;
  return Math.min(MAX_GRACE_MS, Math.max(GRACE_MS, durationMs * GRACE_OF_LEASE));
}

async function markUnknown(node: Stored<Node>, podCache: Cache<Pod>, own: Hands): Promise<Stored<Node>> {
  await markPodsNotReady(node.metadata.name, podCache, own);
  const before = conditionOf(node.status?.conditions, 'Ready');
  if (before?.status === 'Unknown') return node;
  const conditions = unknownConditions(node, timestamp(own.clock));
  const updated = await own.client.update(
    nodes,
    { ...node, status: { ...node.status, conditions } },
    { subresource: 'status' },
  );
  if (before?.status === 'True') {
    const { name, uid } = node.metadata;
    own.recorder.normal({ kind: 'Node', name, uid }, 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
  }
  return updated;
}

/** So that services leave them out. */
async function markPodsNotReady(nodeName: string, podCache: Cache<Pod>, own: Hands): Promise<void> {
  const ready = podCache.byIndex(BY_NODE, nodeName).filter(isReady);
  await eachBounded(ready, MAX_IN_FLIGHT, async ({ metadata: { namespace, name, uid } }) => {
    const condition = { type: 'Ready', status: 'False', lastTransitionTime: timestamp(own.clock) };
    const body = { metadata: { uid }, status: { conditions: [condition] } };
    try {
      await own.client.patch(pods, { namespace, name }, { type: 'strategic', body }, { subresource: 'status' });
    } catch (error) {
      if (!isReason(error, 'NotFound', 'Conflict')) throw error;
    }
  });
}

async function taint(node: Stored<Node>, own: Hands): Promise<void> {
  const taints = taintsFor(node, timestamp(own.clock));
  if (sameTaints(node.spec?.taints, taints)) return;
  await own.client.update(nodes, { ...node, spec: { ...node.spec, taints } });
}
