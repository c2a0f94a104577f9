import type { Stored } from '../../../lib/api/object.ts';
import { timeMs } from '../../../lib/api/time.ts';
import type { DaemonSet, DaemonSetStatus, Node, Pod } from '../../../lib/api/types.ts';
import { availableInMs, isReady } from '../pod-state.ts';
import { scaledValue } from '../scaled-value.ts';
import { nodeOf, placementOn } from './placement.ts';

export const REVISION_HASH = 'controller-revision-hash';

export interface DaemonPlan {
  /** Nodes that get a daemon. */
  create: string[];
  remove: Stored<Pod>[];
  status: DaemonSetStatus;
}

interface Observed {
  daemonSet: Stored<DaemonSet>;
  nodes: readonly Stored<Node>[];
  /** The set's, finished ones and those on their way out too. */
  pods: readonly Stored<Pod>[];
  /** Of the present template. */
  hash: string;
  now: number;
}

/** One daemon for each node that should run one; old ones are replaced within the bounds of the update strategy. */
export function planDaemonSet(observed: Observed): DaemonPlan {
  const { daemonSet, nodes } = observed;
  const byNode = groupByNode(observed.pods);
  const create: string[] = [];
  const remove: Stored<Pod>[] = [];
  for (const node of nodes) {
    const onNode = byNode.get(node.metadata.name) ?? [];
    const { shouldRun, mayStay } = placementOn(node, daemonSet);
    if (!mayStay) remove.push(...onNode);
    else manageNode(node.metadata.name, onNode, shouldRun, observed, create, remove);
  }
  // Pods of nodes that are gone are the pod garbage collector's.
  if (daemonSet.spec.updateStrategy?.type !== 'OnDelete') update(observed, byNode, create, remove);
  return {
    create,
    remove: [...new Set(remove)].filter(({ metadata }) => !metadata.deletionTimestamp),
    status: statusOf(observed, byNode),
  };
}

function groupByNode(pods: readonly Stored<Pod>[]): Map<string, Stored<Pod>[]> {
  const byNode = new Map<string, Stored<Pod>[]>();
  for (const pod of pods) {
    const node = nodeOf(pod);
    if (node !== undefined) byNode.set(node, [...(byNode.get(node) ?? []), pod]);
  }
  return byNode;
}

const isAlive = ({ metadata, status }: Stored<Pod>): boolean =>
  !metadata.deletionTimestamp && status?.phase !== 'Failed' && status?.phase !== 'Succeeded';
const isEnded = ({ metadata, status }: Stored<Pod>): boolean =>
  !metadata.deletionTimestamp && (status?.phase === 'Failed' || status?.phase === 'Succeeded');

function manageNode(
  node: string,
  onNode: readonly Stored<Pod>[],
  shouldRun: boolean,
  observed: Observed,
  create: string[],
  remove: Stored<Pod>[],
): void {
  // A daemon that ended is removed, and made again when it is gone.
  remove.push(...onNode.filter(isEnded));
  const alive = onNode.filter(isAlive).sort(byAge);
  if (onNode.length === 0 && shouldRun) create.push(node);
  remove.push(...surplus(alive, observed));
}

/** One is enough: the oldest; while surging, one of each revision. */
function surplus(alive: Stored<Pod>[], { daemonSet, hash }: Observed): Stored<Pod>[] {
  if (maxSurge(daemonSet, 1) === 0) return alive.slice(1);
  return [...alive.filter((pod) => isNew(pod, hash)).slice(1), ...alive.filter((pod) => !isNew(pod, hash)).slice(1)];
}

const byAge = (a: Stored<Pod>, b: Stored<Pod>): number =>
  timeMs(a.metadata.creationTimestamp) - timeMs(b.metadata.creationTimestamp) ||
  (a.metadata.name < b.metadata.name ? -1 : 1);

const isNew = (pod: Stored<Pod>, hash: string): boolean => pod.metadata.labels?.[REVISION_HASH] === hash;

function isAvailable(pod: Stored<Pod> | undefined, { daemonSet, now }: Observed): boolean {
  return pod !== undefined && availableInMs(pod, daemonSet.spec.minReadySeconds ?? 0, now) === 0;
}

function maxSurge({ spec }: DaemonSet, desired: number): number {
  return scaledValue(spec.updateStrategy?.rollingUpdate?.maxSurge, desired, true);
}

/** Source: pkg/controller/daemon/update.go, rollingUpdate. */
function update(
  observed: Observed,
  byNode: ReadonlyMap<string, Stored<Pod>[]>,
  create: string[],
  remove: Stored<Pod>[],
): void {
  const { daemonSet, nodes, hash } = observed;
  const running = nodes.filter((node) => placementOn(node, daemonSet).shouldRun);
  const surge = maxSurge(daemonSet, running.length);
  const pairs = running.map(({ metadata: { name } }) => {
    const alive = (byNode.get(name) ?? []).filter(isAlive).sort(byAge);
    return { name, fresh: alive.find((pod) => isNew(pod, hash)), old: alive.find((pod) => !isNew(pod, hash)) };
  });
  if (surge > 0) surgeUpdate(observed, pairs, surge, create, remove);
  else plainUpdate(observed, pairs, remove);
}

interface Pair {
  name: string;
  fresh: Stored<Pod> | undefined;
  old: Stored<Pod> | undefined;
}

function plainUpdate(observed: Observed, pairs: readonly Pair[], remove: Stored<Pod>[]): void {
  const { rollingUpdate } = observed.daemonSet.spec.updateStrategy ?? {};
  const maxUnavailable = Math.max(1, scaledValue(rollingUpdate?.maxUnavailable ?? 1, pairs.length, true));
  const unavailable = pairs.filter(({ fresh, old }) => !isAvailable(fresh ?? old, observed)).length;
  const outdated = pairs.filter(({ fresh, old }) => old && !fresh).map(({ old }) => old!);
  // Old ones that do not work cost nothing to replace.
  const broken = outdated.filter((pod) => !isAvailable(pod, observed));
  const working = outdated.filter((pod) => isAvailable(pod, observed));
  remove.push(...broken, ...working.slice(0, Math.max(0, maxUnavailable - unavailable)));
}

function surgeUpdate(
  observed: Observed,
  pairs: readonly Pair[],
  surge: number,
  create: string[],
  remove: Stored<Pod>[],
): void {
  const both = pairs.filter(({ fresh, old }) => fresh && old);
  remove.push(...both.filter(({ fresh }) => isAvailable(fresh, observed)).map(({ old }) => old!));
  const surging = both.filter(({ fresh }) => !isAvailable(fresh, observed)).length;
  const outdated = pairs.filter(({ fresh, old }) => old && !fresh);
  const broken = outdated.filter(({ old }) => !isAvailable(old, observed));
  const working = outdated.filter(({ old }) => isAvailable(old, observed));
  create.push(...[...broken, ...working.slice(0, Math.max(0, surge - surging))].map(({ name }) => name));
}

function statusOf(observed: Observed, byNode: ReadonlyMap<string, Stored<Pod>[]>): DaemonSetStatus {
  const { daemonSet, nodes, hash } = observed;
  const count = { desired: 0, current: 0, misscheduled: 0, ready: 0, updated: 0, available: 0 };
  for (const node of nodes) {
    const [pod] = [...(byNode.get(node.metadata.name) ?? [])].sort(byAge);
    if (!placementOn(node, daemonSet).shouldRun) {
      if (pod) count.misscheduled++;
      continue;
    }
    count.desired++;
    if (!pod) continue;
    count.current++;
    if (isReady(pod)) count.ready++;
    if (isAvailable(pod, observed)) count.available++;
    if (isNew(pod, hash)) count.updated++;
  }
  const { collisionCount, conditions } = daemonSet.status ?? {};
  return {
    currentNumberScheduled: count.current,
    desiredNumberScheduled: count.desired,
    numberMisscheduled: count.misscheduled,
    numberReady: count.ready,
    updatedNumberScheduled: count.updated,
    numberAvailable: count.available,
    numberUnavailable: count.desired - count.available,
    observedGeneration: daemonSet.metadata.generation,
    ...(collisionCount !== undefined && { collisionCount }),
    ...(conditions && { conditions }),
  };
}
