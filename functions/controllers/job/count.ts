import type { Stored } from '../../../lib/api/object.ts';
import type { Job, Pod } from '../../../lib/api/types.ts';
import { isActive, isReady, isTerminating } from '../pod-state.ts';
import { parseIndexes } from './indexes.ts';
import { FAILURE_COUNT, hasFailed, indexOf, isIndexed, isTracked } from './pods.ts';
import { matchFailurePolicy } from './policies.ts';

/** What a job's pods come to. */
export interface Counts {
  active: Stored<Pod>[];
  ready: number;
  terminating: number;
  succeeded: number;
  failed: number;
  /** Indexed only. */
  succeededIndexes: Set<number>;
  /** Only where each index has its own limit. */
  failedIndexes: Set<number>;
  /** Ended and not counted yet: their uids are written to the status before they are let go. */
  newlySucceeded: Stored<Pod>[];
  newlyFailed: Stored<Pod>[];
  /** Uids counted before whose pods are let go by now: they become numbers. */
  settled: { succeeded: string[]; failed: string[] };
}

export function countPods(job: Stored<Job>, pods: readonly Stored<Pod>[]): Counts {
  const { uncountedTerminatedPods: uncounted, succeeded = 0, failed = 0 } = job.status ?? {};
  const known = { succeeded: new Set(uncounted?.succeeded), failed: new Set(uncounted?.failed) };
  const tracked = new Set(pods.filter(isTracked).map(({ metadata }) => metadata.uid));
  const isNew = ({ metadata }: Stored<Pod>) =>
    tracked.has(metadata.uid) && !known.succeeded.has(metadata.uid) && !known.failed.has(metadata.uid);
  const newlySucceeded = pods.filter((pod) => isNew(pod) && pod.status?.phase === 'Succeeded');
  const newlyFailed = pods.filter((pod) => isNew(pod) && hasFailed(job, pod));
  const counted = newlyFailed.filter((pod) => countsAsFailure(job, pod));
  const succeededIndexes = indexesSucceeded(job, pods);
  const active = pods.filter(isActive);
  return {
    active,
    ready: active.filter(isReady).length,
    terminating: pods.filter(isTerminating).length,
    succeeded: isIndexed(job) ? succeededIndexes.size : succeeded + known.succeeded.size + newlySucceeded.length,
    failed: failed + known.failed.size + counted.length,
    succeededIndexes,
    failedIndexes: indexesFailed(job, pods, succeededIndexes),
    newlySucceeded,
    newlyFailed,
    settled: {
      succeeded: [...known.succeeded].filter((uid) => !tracked.has(uid)),
      failed: [...known.failed].filter((uid) => !tracked.has(uid)),
    },
  };
}

/** A rule `Ignore` takes a failure out of the count. */
export function countsAsFailure(job: Job, pod: Stored<Pod>): boolean {
  return matchFailurePolicy(job, pod)?.action !== 'Ignore';
}

function indexesSucceeded(job: Stored<Job>, pods: readonly Stored<Pod>[]): Set<number> {
  const completions = job.spec?.completions ?? 0;
  if (!isIndexed(job)) return new Set();
  const indexes = parseIndexes(job.status?.completedIndexes, completions);
  for (const pod of pods) {
    const index = indexOf(pod);
    if (index !== undefined && index < completions && pod.status?.phase === 'Succeeded' && isTracked(pod))
      indexes.add(index);
  }
  return indexes;
}

/** KEP-3850: an index fails for good beyond its own limit, or by a rule. */
function indexesFailed(job: Stored<Job>, pods: readonly Stored<Pod>[], succeeded: ReadonlySet<number>): Set<number> {
  const { backoffLimitPerIndex, completions = 0 } = job.spec ?? {};
  if (backoffLimitPerIndex === undefined) return new Set();
  const indexes = parseIndexes(job.status?.failedIndexes, completions);
  for (const pod of pods) {
    const index = indexOf(pod);
    if (index === undefined || index >= completions || succeeded.has(index) || !hasFailed(job, pod)) continue;
    const byRule = matchFailurePolicy(job, pod)?.action === 'FailIndex';
    if (byRule || failuresBefore(pod) + (countsAsFailure(job, pod) ? 1 : 0) > backoffLimitPerIndex) indexes.add(index);
  }
  return indexes;
}

const failuresBefore = ({ metadata }: Stored<Pod>): number => Number(metadata.annotations?.[FAILURE_COUNT] ?? 0);

/** How often an index has failed by now, from the pods that are there. */
export function indexFailures(job: Job, pods: readonly Stored<Pod>[], index: number): number {
  const failed = pods.filter((pod) => indexOf(pod) === index && hasFailed(job, pod));
  return Math.max(0, ...failed.map((pod) => failuresBefore(pod) + (countsAsFailure(job, pod) ? 1 : 0)));
}
