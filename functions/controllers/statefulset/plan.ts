import type { Stored } from '../../../lib/api/object.ts';
import type { Pod, StatefulSet, StatefulSetStatus } from '../../../lib/api/types.ts';
import { availableInMs, isFinished, isReady } from '../pod-state.ts';
import { scaledValue } from '../scaled-value.ts';
import { firstOrdinal, isParallel, ordinalOf, REVISION, replicasOf } from './identity.ts';

export interface StatefulSetPlan {
  create: { ordinal: number; revision: string }[];
  remove: Stored<Pod>[];
}

export interface Observed {
  set: Stored<StatefulSet>;
  pods: readonly Stored<Pod>[];
  currentRevision: string;
  updateRevision: string;
  now: number;
}

/** The set's pods by what they are: replicas (a slot for each ordinal), and those beyond, the highest first. */
function slots({ set, pods }: Observed) {
  const first = firstOrdinal(set);
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod]));
  const replicas = Array.from({ length: replicasOf(set) }, (_, i) => ({
    ordinal: first + i,
    pod: byOrdinal.get(first + i),
  }));
  const condemned = pods
    .map((pod) => ({ ordinal: ordinalOf(set, pod)!, pod }))
    .filter(({ ordinal }) => ordinal !== undefined && (ordinal < first || ordinal >= first + replicasOf(set)))
    .sort((a, b) => b.ordinal - a.ordinal);
  return { replicas, condemned };
}

const isTerminating = (pod: Stored<Pod>): boolean => pod.metadata.deletionTimestamp !== undefined;

function isAvailable(pod: Stored<Pod>, { set, now }: Observed): boolean {
  return pod.status?.phase === 'Running' && availableInMs(pod, set.spec.minReadySeconds ?? 0, now) === 0;
}

const isHealthy = (pod: Stored<Pod> | undefined): boolean =>
  pod !== undefined && pod.status?.phase === 'Running' && isReady(pod) && !isTerminating(pod);

/**
 * The next step: pods are made in order and, unless managed in parallel, each waits for those before it; those beyond the
 * size go from the highest; then old ones are replaced from the highest down. Source: stateful_set_control.go.
 */
export function planStatefulSet(observed: Observed): StatefulSetPlan {
  const plan: StatefulSetPlan = { create: [], remove: [] };
  const { replicas, condemned } = slots(observed);
  const monotonic = !isParallel(observed.set);
  for (const slot of replicas) {
    if (!fillSlot(slot, observed, plan) && monotonic) return plan;
  }
  if (!scaleDown(replicas, condemned, monotonic, plan)) return plan;
  if (observed.set.spec.updateStrategy?.type !== 'OnDelete') update(replicas, observed, plan);
  return plan;
}

interface Slot {
  ordinal: number;
  pod: Stored<Pod> | undefined;
}

/** False: those after it have to wait. */
function fillSlot({ ordinal, pod }: Slot, observed: Observed, plan: StatefulSetPlan): boolean {
  if (!pod) {
    plan.create.push({ ordinal, revision: revisionFor(ordinal, observed) });
    return false;
  }
  if (isTerminating(pod)) return false;
  if (isFinished(pod)) {
    // Made again under its name once it is gone.
    plan.remove.push(pod);
    return false;
  }
  return isAvailable(pod, observed);
}

/** Below the partition the old revision is kept, for new pods too. */
function revisionFor(ordinal: number, { set, currentRevision, updateRevision }: Observed): string {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  const kept = firstOrdinal(set) + (rollingUpdate?.partition ?? 0);
  return type !== 'OnDelete' && ordinal < kept ? currentRevision : updateRevision;
}

/** False: something is on its way out, nothing else may go. */
function scaleDown(
  replicas: readonly Slot[],
  condemned: readonly { pod: Stored<Pod> }[],
  monotonic: boolean,
  plan: StatefulSetPlan,
): boolean {
  if (!monotonic) {
    plan.remove.push(...condemned.map(({ pod }) => pod).filter((pod) => !isTerminating(pod)));
    return true;
  }
  const [last] = condemned;
  if (!last) return true;
  const unhealthy = [...replicas, ...[...condemned].reverse()].find(({ pod }) => !isHealthy(pod));
  const mayGo = !isTerminating(last.pod) && (isHealthy(last.pod) || unhealthy?.pod === last.pod);
  if (mayGo) plan.remove.push(last.pod);
  return false;
}

/** From the highest ordinal down to the partition; a pod that is not well holds those below it back. */
function update(replicas: readonly Slot[], { set, updateRevision }: Observed, plan: StatefulSetPlan): void {
  const { partition = 0, maxUnavailable = 1 } = set.spec.updateStrategy?.rollingUpdate ?? {};
  const allowed = Math.max(1, scaledValue(maxUnavailable, replicasOf(set), true));
  const kept = firstOrdinal(set) + partition;
  let unavailable = replicas.filter(({ ordinal, pod }) => ordinal >= kept && !isHealthy(pod)).length;
  for (const { ordinal, pod } of [...replicas].reverse()) {
    if (ordinal < kept || unavailable > allowed) return;
    if (!pod || isTerminating(pod)) {
      if (allowed === 1) return;
      continue;
    }
    const outdated = pod.metadata.labels?.[REVISION] !== updateRevision;
    if (outdated && (!isHealthy(pod) || unavailable < allowed)) {
      plan.remove.push(pod);
      if (isHealthy(pod)) unavailable++;
    }
    if (allowed === 1 && (outdated || !isHealthy(pod))) return;
  }
}

export function statefulSetStatus(observed: Observed): StatefulSetStatus {
  const { set, pods, updateRevision } = observed;
  let { currentRevision } = observed;
  const alive = pods.filter((pod) => ordinalOf(set, pod) !== undefined && !isFinished(pod));
  const ofRevision = (revision: string) =>
    alive.filter((pod) => !isTerminating(pod) && pod.metadata.labels?.[REVISION] === revision).length;
  const ready = alive.filter((pod) => pod.status?.phase === 'Running' && isReady(pod));
  const updatedReplicas = ofRevision(updateRevision);
  const replicas = alive.length;
  const rolling = set.spec.updateStrategy?.type !== 'OnDelete';
  // All are of the new revision and well: it is the current one from now on.
  const complete = rolling && updatedReplicas === replicas && ready.length === replicas;
  if (complete) currentRevision = updateRevision;
  const { collisionCount = 0, conditions } = set.status ?? {};
  return {
    observedGeneration: set.metadata.generation,
    replicas,
    readyReplicas: ready.length,
    availableReplicas: alive.filter((pod) => isAvailable(pod, observed)).length,
    currentReplicas: ofRevision(currentRevision),
    updatedReplicas,
    currentRevision,
    updateRevision,
    collisionCount,
    ...(conditions && { conditions }),
  };
}
