import type { Stored } from '../../lib/api/object.ts';
import type { Node, Pod } from '../../lib/api/types.ts';
import type { Caches } from '../../lib/client/controller.ts';
import { namespaces, nodes, pods } from '../../lib/client/resource-type.ts';
import type { PendingPods } from './pending.ts';
import { podInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';

export const DEFAULT_SCHEDULER = 'default-scheduler';

/** By name: a pod that names none of them is another scheduler's. */
type Profiles = Pick<ReadonlyMap<string, unknown>, 'has'>;

/** Keeps the snapshot and the pending pods equal to the caches, change by change. */
export function followCluster(caches: Caches, snapshot: Snapshot, pending: PendingPods, profiles: Profiles): void {
  const namespaceCache = caches.cache(namespaces);
  snapshot.namespaceLabels = (name) => namespaceCache.get(name)?.metadata.labels;
  namespaceCache.subscribe(() => pending.changed('namespace'));
  caches.cache(nodes).subscribe((node, previous) => nodeChanged(snapshot, pending, node, previous));
  caches.cache(pods).subscribe((pod, previous) => podChanged(snapshot, pending, profiles, pod, previous));
}

function nodeChanged(
  snapshot: Snapshot,
  pending: PendingPods,
  node: Stored<Node> | undefined,
  previous: Stored<Node> | undefined,
): void {
  if (!node) {
    snapshot.removeNode(previous!.metadata.name);
    return;
  }
  snapshot.setNode(node);
  if (!previous || relevant(node) !== relevant(previous)) pending.changed('node');
}

/** Heartbeats are no reason to try again. */
function relevant({ metadata, spec, status }: Stored<Node>): string {
  const conditions = status?.conditions?.map(({ type, status }) => [type, status]);
  return JSON.stringify([metadata.labels, spec, status?.allocatable, conditions]);
}

function podChanged(
  snapshot: Snapshot,
  pending: PendingPods,
  profiles: Profiles,
  pod: Stored<Pod> | undefined,
  previous: Stored<Pod> | undefined,
): void {
  const uid = (pod ?? previous)!.metadata.uid;
  if (pod && previous && previous.metadata.uid !== uid) forget(snapshot, pending, previous.metadata.uid);
  if (!pod || finished(pod)) forget(snapshot, pending, uid);
  else if (pod.spec?.nodeName) placed(snapshot, pending, pod, previous);
  // An older view of a pod that is on its way to a node already.
  else if (snapshot.isAssumed(uid)) return;
  else if (wanted(pod, profiles)) waiting(snapshot, pending, pod);
  else pending.delete(uid);
}

function waiting(snapshot: Snapshot, pending: PendingPods, pod: Stored<Pod>): void {
  const info = podInfo(pod);
  // Room was made for it before this scheduler began.
  const { nominatedNodeName } = pod.status ?? {};
  if (nominatedNodeName && snapshot.nominatedNode(info.uid) === undefined) snapshot.nominate(info, nominatedNodeName);
  pending.set(info);
}

function placed(snapshot: Snapshot, pending: PendingPods, pod: Stored<Pod>, previous: Stored<Pod> | undefined): void {
  const { uid } = pod.metadata;
  pending.delete(uid);
  const onNode = snapshot.nodeOf(uid) === pod.spec?.nodeName && !snapshot.isAssumed(uid);
  if (onNode && previous && !changedForOthers(pod, previous)) return;
  snapshot.addPod(podInfo(pod), pod.spec!.nodeName!);
  pending.changed(onNode && pod.metadata.deletionTimestamp ? 'podRemoved' : 'podAssigned');
}

/** Most updates of a running pod are of its status, which no other pod's placing depends on. */
function changedForOthers(pod: Stored<Pod>, previous: Stored<Pod>): boolean {
  return (
    pod.metadata.deletionTimestamp !== previous.metadata.deletionTimestamp ||
    JSON.stringify([pod.metadata.labels, pod.spec]) !== JSON.stringify([previous.metadata.labels, previous.spec])
  );
}

function forget(snapshot: Snapshot, pending: PendingPods, uid: string): void {
  pending.delete(uid);
  snapshot.clearNomination(uid);
  if (snapshot.nodeOf(uid) === undefined) return;
  snapshot.removePod(uid);
  pending.changed('podRemoved');
}

function finished({ status }: Stored<Pod>): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** KEP-3521: gates hold a pod back until the last is removed. */
function wanted({ metadata, spec }: Stored<Pod>, profiles: Profiles): boolean {
  return (
    !metadata.deletionTimestamp &&
    profiles.has(spec?.schedulerName ?? DEFAULT_SCHEDULER) &&
    !spec?.schedulingGates?.length
  );
}
