import type { Stored } from '../../../lib/api/object.ts';
import { timeMs } from '../../../lib/api/time.ts';
import type { Condition, Pod, PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../../lib/api/types.ts';
import { conditionOf, without } from '../conditions.ts';
import { isFinished, isReady } from '../pod-state.ts';
import { scaledValue } from '../scaled-value.ts';

/** An eviction that was allowed but whose pod is still there after this long did not happen. Source: disruption.go, DeletionTimeout. */
const EVICTION_TIMEOUT_MS = 120_000;

interface Observed {
  budget: Stored<PodDisruptionBudget>;
  /** What the budget selects. */
  pods: readonly Stored<Pod>[];
  /** Pods that their controllers are to have, together. */
  expected: number;
  now: number;
}

export interface BudgetPlan {
  status: PodDisruptionBudgetStatus;
  /** Until the next allowed eviction is given up on. */
  recheckMs: number | undefined;
}

/** How many pods may be disrupted now. Source: pkg/controller/disruption. */
export function planBudget({ budget, pods, expected, now }: Observed): BudgetPlan {
  const { desired, total } = wanted(budget, pods.length, expected);
  const { disrupted, recheckMs } = pendingEvictions(budget, pods, now);
  const healthy = pods.filter((pod) => isHealthy(pod) && !(pod.metadata.name in disrupted)).length;
  const allowed = total <= 0 ? 0 : Math.max(0, healthy - desired);
  const status: PodDisruptionBudgetStatus = {
    currentHealthy: healthy,
    desiredHealthy: desired,
    expectedPods: total,
    disruptionsAllowed: allowed,
    observedGeneration: budget.metadata.generation,
    ...(Object.keys(disrupted).length > 0 && { disruptedPods: disrupted }),
    conditions: allowedCondition(budget, allowed, now),
  };
  return { status, recheckMs };
}

/** A percentage, and maxUnavailable, count from what the controllers are to have; a number counts from the pods that are there. */
function wanted({ spec }: PodDisruptionBudget, present: number, expected: number): { desired: number; total: number } {
  if (spec?.maxUnavailable !== undefined) {
    return { desired: Math.max(0, expected - scaledValue(spec.maxUnavailable, expected, true)), total: expected };
  }
  const minAvailable = spec?.minAvailable;
  if (typeof minAvailable === 'string') return { desired: scaledValue(minAvailable, expected, true), total: expected };
  return { desired: minAvailable ?? 0, total: present };
}

function isHealthy(pod: Stored<Pod>): boolean {
  return !pod.metadata.deletionTimestamp && !isFinished(pod) && isReady(pod);
}

/** Pods whose eviction was allowed and that have not gone yet. */
function pendingEvictions({ status }: PodDisruptionBudget, pods: readonly Stored<Pod>[], now: number) {
  const disrupted: Record<string, string> = {};
  let recheckMs: number | undefined;
  for (const { metadata } of pods) {
    const time = status?.disruptedPods?.[metadata.name];
    if (time === undefined || metadata.deletionTimestamp) continue;
    const left = timeMs(time) + EVICTION_TIMEOUT_MS - now;
    if (left <= 0) continue;
    disrupted[metadata.name] = time;
    recheckMs = Math.min(recheckMs ?? Infinity, left);
  }
  return { disrupted, recheckMs };
}

function allowedCondition(
  { metadata, status }: Stored<PodDisruptionBudget>,
  allowed: number,
  now: number,
): Condition[] {
  const [value, reason] = allowed > 0 ? ['True', 'SufficientPods'] : ['False', 'InsufficientPods'];
  const type = 'DisruptionAllowed';
  const old = conditionOf(status?.conditions, type);
  const time = `${new Date(now).toISOString().slice(0, 19)}Z`;
  const lastTransitionTime = old?.status === value && old?.lastTransitionTime ? old.lastTransitionTime : time;
  const next = {
    type,
    status: value!,
    reason: reason!,
    message: '',
    lastTransitionTime,
    observedGeneration: metadata.generation,
  };
  return [...without(status?.conditions, type), next] as Condition[];
}
