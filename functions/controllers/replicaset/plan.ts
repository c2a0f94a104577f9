import type { Stored } from '../../../lib/api/object.ts';
import { fromLabelSet } from '../../../lib/api/selectors.ts';
import { timeMs } from '../../../lib/api/time.ts';
import type { Pod, PodTemplateSpec, ReplicaSetStatus } from '../../../lib/api/types.ts';
import { withCondition, without } from '../conditions.ts';
import { availableInMs, isActive, isReady, isTerminating, readyCondition } from '../pod-state.ts';

/** What ReplicaSets and ReplicationControllers share. */
export interface ReplicaSpec {
  replicas: number;
  minReadySeconds: number;
  template: PodTemplateSpec;
}

export interface ReplicaPlan {
  create: number;
  remove: Stored<Pod>[];
}

/** Pods made or removed in one reconcile. Source: replicaset BurstReplicas. */
const BURST = 500;

/** `related`: active pods of the same deployment by node, so that the fullest nodes are relieved first. */
export function planReplicas(
  replicas: number,
  pods: readonly Stored<Pod>[],
  related: ReadonlyMap<string, number>,
  now: number,
): ReplicaPlan {
  const active = pods.filter(isActive);
  const missing = replicas - active.length;
  if (missing >= 0) return { create: Math.min(missing, BURST), remove: [] };
  const order = [...active].sort((a, b) => compareForRemoval(a, b, related, now));
  return { create: 0, remove: order.slice(0, Math.min(-missing, BURST)) };
}

const PHASES = ['Pending', 'Unknown', 'Running'];
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

/** Who goes first is smaller. Source: pkg/controller/controller_utils.go, ActivePodsWithRanks; KEP-2255 (cost), KEP-2185 (logarithmic ages). */
function compareForRemoval(a: Stored<Pod>, b: Stored<Pod>, related: ReadonlyMap<string, number>, now: number): number {
  return (
    ascending(a, b, (pod) => (pod.spec?.nodeName ? 1 : 0)) ||
    ascending(a, b, (pod) => PHASES.indexOf(pod.status?.phase ?? 'Pending')) ||
    ascending(a, b, (pod) => (isReady(pod) ? 1 : 0)) ||
    ascending(a, b, (pod) => Number(pod.metadata.annotations?.[DELETION_COST] ?? 0) || 0) ||
    ascending(a, b, (pod) => -(related.get(pod.spec?.nodeName ?? '') ?? 0)) ||
    ascending(a, b, (pod) => (isReady(pod) ? logAge(readyCondition(pod)?.lastTransitionTime, now) : 0)) ||
    ascending(a, b, (pod) => -maxRestarts(pod)) ||
    ascending(a, b, (pod) => logAge(pod.metadata.creationTimestamp, now)) ||
    (a.metadata.uid < b.metadata.uid ? -1 : 1)
  );
}

function ascending(a: Stored<Pod>, b: Stored<Pod>, of: (pod: Stored<Pod>) => number): number {
  return of(a) - of(b);
}

/** The younger goes first, but what is about as old is left to chance. */
function logAge(time: string | undefined, now: number): number {
  const age = now - timeMs(time);
  return age > 0 ? Math.floor(Math.log2(age)) : 0;
}

function maxRestarts({ status }: Pod): number {
  return Math.max(0, ...(status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));
}

export interface Failure {
  reason: 'FailedCreate' | 'FailedDelete';
  message: string;
}

export function replicaStatus(
  old: ReplicaSetStatus | undefined,
  spec: ReplicaSpec,
  generation: number | undefined,
  pods: readonly Stored<Pod>[],
  failure: Failure | undefined,
  now: number,
): ReplicaSetStatus {
  const active = pods.filter(isActive);
  const template = fromLabelSet(spec.template.metadata?.labels);
  const conditions = failureCondition(old, failure, now);
  return {
    replicas: active.length,
    fullyLabeledReplicas: active.filter((pod) => template.matches(pod.metadata.labels)).length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter((pod) => availableInMs(pod, spec.minReadySeconds, now) === 0).length,
    terminatingReplicas: pods.filter(isTerminating).length,
    observedGeneration: generation,
    ...(conditions.length > 0 && { conditions }),
  };
}

function failureCondition(old: ReplicaSetStatus | undefined, failure: Failure | undefined, now: number) {
  if (!failure) return without(old?.conditions, 'ReplicaFailure');
  const lastTransitionTime = `${new Date(now).toISOString().slice(0, 19)}Z`;
  return withCondition(old?.conditions, { type: 'ReplicaFailure', status: 'True', ...failure, lastTransitionTime });
}

/** Counters that the API leaves out when they are zero. */
const OMITTED_WHEN_ZERO = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'] as const;

export function sameStatus(a: ReplicaSetStatus | undefined, b: ReplicaSetStatus): boolean {
  return (
    a !== undefined &&
    a.replicas === b.replicas &&
    (a.terminatingReplicas ?? 0) === (b.terminatingReplicas ?? 0) &&
    OMITTED_WHEN_ZERO.every((field) => (a[field] ?? 0) === (b[field] ?? 0)) &&
    JSON.stringify(a.conditions ?? []) === JSON.stringify(b.conditions ?? [])
  );
}
