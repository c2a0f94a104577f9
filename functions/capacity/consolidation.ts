import { parseDuration } from '../../lib/api/duration.ts';
import type { Stored } from '../../lib/api/object.ts';
import { fromLabelSelector } from '../../lib/api/selectors.ts';
import { timeMs } from '../../lib/api/time.ts';
import type { Node, Pod, PodDisruptionBudget } from '../../lib/api/types.ts';
import { type Cache, type Controller, type Result, watch } from '../../lib/client/controller.ts';
import { leaving } from '../../lib/client/evict.ts';
import { podDisruptionBudgets, pods } from '../../lib/client/resource-type.ts';
import { timestamp } from '../../lib/runtime/clock.ts';
import { type ControllerDependencies, type Hands, hands } from '../controllers/dependencies.ts';
import { fits } from '../scheduler/plan.ts';
import { podInfo } from '../scheduler/pod-info.ts';
import {
  DEFAULT_CONSOLIDATE_AFTER,
  DO_NOT_DISRUPT,
  type NodeClaim,
  type NodePool,
  nodeClaims,
  nodePools,
} from './api.ts';
import { Cluster } from './cluster.ts';

const KEY = 'nodes';
/** Only while there are claims: an idle cluster without nodes is not looked at. */
const LOOK_MS = 60_000;
const NS_PER_MS = 1e6;

/** Ends nodes that nobody uses; and those whose pods fit elsewhere, one at a time and never while pods wait for room. */
export function createConsolidation(dependencies: ControllerDependencies): Controller {
  const cluster = new Cluster(dependencies.caches);
  const pools = dependencies.caches.cache(nodePools);
  const budgets = dependencies.caches.cache(podDisruptionBudgets);
  const own = hands(dependencies, 'capacity-controller', 'capacity');
  return {
    name: 'capacity-consolidation',
    watches: [
      watch(nodeClaims, (claim, previous) => (claim && previous && isSame(claim, previous) ? [] : [KEY])),
      watch(pods, (pod) => (pod || cluster.claims.list().length === 0 ? [] : [KEY])),
      // What was too early may be late by now.
      watch(nodePools, () => (cluster.claims.list().length === 0 ? [] : [KEY])),
    ],
    async reconcile(): Promise<Result | undefined> {
      const claims = cluster.claims.list();
      if (claims.length === 0) return undefined;
      for (const claim of claims) await noteEmpty(claim, cluster, own);
      const waiting = cluster.pending().length > 0;
      const useless = claims.filter((claim) => isUseless(claim, pools.get(claim.spec.nodePool), cluster, waiting, own));
      for (const claim of useless) await end(claim, 'nothing runs on it', own);
      const quiet = !waiting && useless.length === 0 && claims.every(isSettled);
      const underused = quiet
        ? claims.find((claim) => isUnderused(claim, pools.get(claim.spec.nodePool), cluster, budgets, own))
        : undefined;
      if (underused) await end(underused, 'its pods fit on other nodes', own);
      return { requeueAfterMs: nextLookMs(claims, pools, own) };
    },
  };
}

/** The rest of a claim's status is not looked at. */
function isSame({ status: one }: NodeClaim, { status: other }: NodeClaim): boolean {
  return one?.nodeName === other?.nodeName && one?.emptySince === other?.emptySince;
}

/** An empty node costs money: it is looked at when its time is over, and not some time later. */
function nextLookMs(claims: readonly Stored<NodeClaim>[], pools: Cache<NodePool>, { clock }: Hands): number {
  const waits = claims.map(({ spec, status }) => {
    const waitMs = consolidateAfterMs(pools.get(spec.nodePool));
    return waitMs === undefined ? Number.NaN : timeMs(status?.emptySince) + waitMs - clock.now();
  });
  return Math.min(LOOK_MS, ...waits.filter((ms) => ms > 0));
}

/** Undefined: never. */
function consolidateAfterMs(pool: NodePool | undefined): number | undefined {
  const { consolidateAfter = DEFAULT_CONSOLIDATE_AFTER } = pool?.spec.disruption ?? {};
  return consolidateAfter === 'Never' ? undefined : (parseDuration(consolidateAfter) ?? 0) / NS_PER_MS;
}

function isSettled({ metadata, status }: Stored<NodeClaim>): boolean {
  return status?.nodeName !== undefined && !metadata.deletionTimestamp;
}

/** Since when a node is empty is written down: who looks next may be another process. */
async function noteEmpty(claim: Stored<NodeClaim>, cluster: Cluster, { client, clock }: Hands): Promise<void> {
  const { nodeName, emptySince } = claim.status ?? {};
  if (nodeName === undefined || claim.metadata.deletionTimestamp) return;
  const isEmpty = leaving(cluster.podsOn(nodeName)).length === 0;
  if (isEmpty === (emptySince !== undefined)) return;
  const { emptySince: _, ...status } = claim.status!;
  const next = isEmpty ? { ...status, emptySince: timestamp(clock) } : status;
  await client.update(nodeClaims, { ...claim, status: next }, { subresource: 'status' });
}

/** Empty for as long as the pool lets it be; or not even there yet, and nobody waits for it any more. */
function isUseless(
  claim: Stored<NodeClaim>,
  pool: NodePool | undefined,
  cluster: Cluster,
  waiting: boolean,
  { clock }: Hands,
): boolean {
  const waitMs = consolidateAfterMs(pool);
  if (waitMs === undefined || claim.metadata.deletionTimestamp) return false;
  const sinceMs = clock.now() - waitMs;
  const { nodeName, emptySince } = claim.status ?? {};
  if (nodeName === undefined) return !waiting && timeMs(claim.metadata.creationTimestamp) <= sinceMs;
  const node = cluster.nodes.get(nodeName);
  const isEmpty = leaving(cluster.podsOn(nodeName)).length === 0;
  return node !== undefined && !isKept(node) && isEmpty && timeMs(emptySince) <= sinceMs;
}

function isUnderused(
  claim: Stored<NodeClaim>,
  pool: NodePool | undefined,
  cluster: Cluster,
  budgets: Cache<PodDisruptionBudget>,
  { clock }: Hands,
): boolean {
  const { consolidationPolicy = 'WhenEmptyOrUnderutilized' } = pool?.spec.disruption ?? {};
  const node = cluster.nodes.get(claim.status!.nodeName!);
  const waitMs = consolidateAfterMs(pool);
  if (!node || waitMs === undefined || isKept(node) || consolidationPolicy === 'WhenEmpty') return false;
  const all = leaving(cluster.podsOn(node.metadata.name));
  const changedMs = Math.max(
    timeMs(claim.metadata.creationTimestamp),
    ...all.map(({ metadata }) => timeMs(metadata.creationTimestamp)),
  );
  if (all.length === 0 || changedMs > clock.now() - waitMs) return false;
  return all.every((pod) => isMovable(pod, budgets)) && fitElsewhere(node, all, cluster);
}

function isKept({ metadata }: Pick<Node, 'metadata'>): boolean {
  return metadata?.annotations?.[DO_NOT_DISRUPT] === 'true';
}

/** Somebody starts it elsewhere, nobody forbids it, and its budgets allow it now. */
function isMovable(pod: Stored<Pod>, budgets: Cache<PodDisruptionBudget>): boolean {
  const { namespace, labels, ownerReferences, annotations } = pod.metadata;
  if (annotations?.[DO_NOT_DISRUPT] === 'true' || !ownerReferences?.some(({ controller }) => controller)) return false;
  return budgets
    .list(namespace)
    .filter(({ spec }) => fromLabelSelector(spec?.selector).matches(labels))
    .every(({ status }) => (status?.disruptionsAllowed ?? 0) > 0);
}

function fitElsewhere(node: Stored<Node>, all: readonly Stored<Pod>[], cluster: Cluster): boolean {
  const snapshot = cluster.snapshot(new Set([node.metadata.name]));
  return all.map(podInfo).every((pod) => {
    const place = snapshot
      .nodes()
      .find((info) => fits({ ...pod, spec: withoutNode(pod.spec) }, info, snapshot, cluster.plugins));
    if (place) snapshot.addPod(pod, place.name, true);
    return place !== undefined;
  });
}

function withoutNode<T extends { nodeName?: string | undefined }>(spec: T): T {
  return { ...spec, nodeName: undefined };
}

async function end(claim: Stored<NodeClaim>, why: string, { client, recorder }: Hands): Promise<void> {
  const { name, uid } = claim.metadata;
  recorder.normal(claim, 'Disrupting', `the node ${claim.status?.nodeName ?? 'on its way'} is ended: ${why}`);
  await client.delete(nodeClaims, { name }, { uid });
}
