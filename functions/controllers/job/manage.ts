import type { Stored } from '../../../lib/api/object.ts';
import { timeMs } from '../../../lib/api/time.ts';
import type { Job, Pod } from '../../../lib/api/types.ts';
import { isReady, isTerminating } from '../pod-state.ts';
import { replicaNames } from '../replica-names.ts';
import { type Counts, indexFailures } from './count.ts';
import { isSuspended } from './finish.ts';
import { endedAtMs, hasFailed, indexOf, isIndexed, type NewPod } from './pods.ts';

export interface ManagePlan {
  create: NewPod[];
  remove: Stored<Pod>[];
  /** Until pods that failed may be replaced. */
  waitMs: number | undefined;
}

/** DefaultJobPodFailureBackOff and its maximum. */
const BASE_BACKOFF_MS = 10_000;
const MAX_BACKOFF_MS = 600_000;
/** Pods made in one reconcile. Source: MaxPodCreateDeletePerSync. */
const MAX_CREATE = 500;

/** How many pods there should be, and which are too many. Source: job_controller.go, manageJob. */
export function manage(
  job: Stored<Job>,
  pods: readonly Stored<Pod>[],
  counts: Counts,
  held: (name: string) => boolean,
  now: number,
): ManagePlan {
  const { active } = counts;
  if (isSuspended(job)) return { create: [], remove: active, waitMs: undefined };
  const wanted = wantedActive(job, counts);
  if (active.length > wanted) {
    return {
      create: [],
      remove: [...active].sort(compareForRemoval).slice(0, active.length - wanted),
      waitMs: undefined,
    };
  }
  const onlyEnded = job.spec?.podReplacementPolicy === 'Failed' || job.spec?.podFailurePolicy !== undefined;
  const leaving = onlyEnded ? pods.filter(isTerminating).length : 0;
  const missing = Math.min(MAX_CREATE, wanted - active.length - leaving);
  if (missing <= 0) return { create: [], remove: [], waitMs: undefined };
  return isIndexed(job)
    ? createIndexed(job, pods, counts, missing, held, now)
    : createPlain(job, pods, missing, held, now);
}

function wantedActive(job: Stored<Job>, { active, succeeded, failedIndexes }: Counts): number {
  const { parallelism = 1, completions } = job.spec ?? {};
  // A work queue: once a pod has succeeded no more are made.
  if (completions === undefined) return succeeded > 0 ? Math.min(active.length, parallelism) : parallelism;
  return Math.max(0, Math.min(parallelism, completions - succeeded - failedIndexes.size));
}

/** Those that have done least go first. */
function compareForRemoval(a: Stored<Pod>, b: Stored<Pod>): number {
  const rank = (pod: Stored<Pod>) =>
    (pod.spec?.nodeName ? 1 : 0) + (pod.status?.phase === 'Running' ? 2 : 0) + (isReady(pod) ? 4 : 0);
  return rank(a) - rank(b) || timeMs(b.metadata.creationTimestamp) - timeMs(a.metadata.creationTimestamp);
}

function createPlain(
  job: Stored<Job>,
  pods: readonly Stored<Pod>[],
  missing: number,
  held: (name: string) => boolean,
  now: number,
): ManagePlan {
  const waitMs = backoffMs(job, pods, now);
  if (waitMs > 0) return { create: [], remove: [], waitMs };
  return { create: replicaNames(job.metadata, missing, held).map((name) => ({ name })), remove: [], waitMs: undefined };
}

function createIndexed(
  job: Stored<Job>,
  pods: readonly Stored<Pod>[],
  counts: Counts,
  missing: number,
  held: (name: string) => boolean,
  now: number,
): ManagePlan {
  const { name, uid } = job.metadata;
  const perIndex = job.spec?.backoffLimitPerIndex !== undefined;
  const waits: number[] = [];
  const shared = perIndex ? 0 : backoffMs(job, pods, now);
  if (shared > 0) return { create: [], remove: [], waitMs: shared };
  const create: NewPod[] = [];
  for (const index of freeIndexes(job, pods, counts)) {
    if (create.length >= missing) break;
    const wait = perIndex
      ? backoffMs(
          job,
          pods.filter((pod) => indexOf(pod) === index),
          now,
        )
      : 0;
    if (wait > 0) waits.push(wait);
    else
      create.push({
        name: replicaNames({ name: `${name}-${index}`, uid }, 1, held)[0]!,
        index,
        ...(perIndex && { failures: indexFailures(job, pods, index) }),
      });
  }
  return { create, remove: [], waitMs: waits.length > 0 ? Math.min(...waits) : undefined };
}

/** Neither done, nor failed for good, nor under way. */
function freeIndexes(
  job: Stored<Job>,
  pods: readonly Stored<Pod>[],
  { active, succeededIndexes, failedIndexes }: Counts,
): number[] {
  const onlyEnded = job.spec?.podReplacementPolicy === 'Failed' || job.spec?.podFailurePolicy !== undefined;
  const busy = new Set([...active, ...(onlyEnded ? pods.filter(isTerminating) : [])].map(indexOf));
  const all = Array.from({ length: job.spec?.completions ?? 0 }, (_, index) => index);
  return all.filter((index) => !succeededIndexes.has(index) && !failedIndexes.has(index) && !busy.has(index));
}

/** 10 s, doubled with each failure since the last success. */
function backoffMs(job: Stored<Job>, pods: readonly Stored<Pod>[], now: number): number {
  const failures = pods.filter((pod) => hasFailed(job, pod)).map(endedAtMs);
  const successes = pods.filter(({ status }) => status?.phase === 'Succeeded').map(endedAtMs);
  const lastSuccess = Math.max(0, ...successes);
  const recent = failures.filter((end) => end > lastSuccess);
  if (recent.length === 0) return 0;
  const wait = Math.min(MAX_BACKOFF_MS, BASE_BACKOFF_MS * 2 ** (recent.length - 1));
  return Math.max(0, Math.max(...recent) + wait - now);
}
