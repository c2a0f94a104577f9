import type { Stored } from '../../lib/api/object.ts';
import { timeMs } from '../../lib/api/time.ts';
import type { Pod, PodCondition } from '../../lib/api/types.ts';

/** Source: k8s.io/kubernetes/pkg/api/v1/pod and pkg/controller/controller_utils.go. */
export function isFinished({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Counts as a replica: neither finished nor on its way out. */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && !pod.metadata?.deletionTimestamp;
}

/** On its way out, and not yet finished. */
export function isTerminating(pod: Pod): boolean {
  return !isFinished(pod) && pod.metadata?.deletionTimestamp !== undefined;
}

export function readyCondition({ status }: Pod): PodCondition | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready');
}

export function isReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === 'True';
}

/** Milliseconds until a pod has been ready for `minReadySeconds`: 0 if it is available, undefined if it is not ready. */
export function availableInMs(pod: Pod, minReadySeconds: number, now: number): number | undefined {
  const condition = readyCondition(pod);
  if (condition?.status !== 'True') return undefined;
  if (minReadySeconds === 0) return 0;
  const since = timeMs(condition.lastTransitionTime);
  return Number.isNaN(since) ? undefined : Math.max(0, since + minReadySeconds * 1000 - now);
}

/** The soonest of the pods that are ready but not long enough. */
export function nextAvailableMs(pods: readonly Pod[], minReadySeconds: number, now: number): number | undefined {
  const waits = pods
    .map((pod) => availableInMs(pod, minReadySeconds, now))
    .filter((wait) => wait !== undefined && wait > 0);
  return waits.length > 0 ? Math.min(...(waits as number[])) : undefined;
}

export function controllerOf(object: Pick<Stored<Pod>, 'metadata'>) {
  return object.metadata.ownerReferences?.find((reference) => reference.controller);
}
