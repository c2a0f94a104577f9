import type { Stored } from '../../../lib/api/object.ts';
import type { Job, JobCondition, JobStatus, Pod } from '../../../lib/api/types.ts';
import { conditionOf, without } from '../conditions.ts';
import { type Counts, countPods, countsAsFailure } from './count.ts';
import { deadlineInMs, isSuspended, type Verdict, verdictOf } from './finish.ts';
import { formatIndexes } from './indexes.ts';
import { type ManagePlan, manage } from './manage.ts';
import { isIndexed, isTracked } from './pods.ts';

export interface JobPlan extends ManagePlan {
  status: JobStatus;
  /** Pods whose end is in the status: they may go. */
  release: Stored<Pod>[];
  verdict: Verdict | undefined;
  requeueAfterMs: number | undefined;
}

interface Observed {
  job: Stored<Job>;
  pods: readonly Stored<Pod>[];
  held(name: string): boolean;
  now: number;
}

/** Pods counted in one status update. Source: MaxUncountedPods. */
const MAX_UNCOUNTED = 500;

export function planJob({ job, pods, held, now }: Observed): JobPlan {
  const counts = countPods(job, pods);
  const verdict = verdictOf(job, pods, counts, now);
  const managed =
    verdict || job.metadata.deletionTimestamp
      ? idle(verdict ? counts.active : [])
      : manage(job, pods, counts, held, now);
  const status = statusOf(job, counts, verdict, managed, now);
  const counted = new Set([
    ...(status.uncountedTerminatedPods?.succeeded ?? []),
    ...(status.uncountedTerminatedPods?.failed ?? []),
  ]);
  const indexesWritten = (pod: Stored<Pod>) => isIndexed(job) && pod.status?.phase === 'Succeeded';
  const ignored = counts.newlyFailed.filter((pod) => !countsAsFailure(job, pod));
  const release = pods.filter(
    (pod) => isTracked(pod) && (counted.has(pod.metadata.uid) || indexesWritten(pod) || ignored.includes(pod)),
  );
  const waits = [managed.waitMs, deadlineInMs(job, now)].filter((wait) => wait !== undefined && wait > 0) as number[];
  return {
    ...managed,
    status,
    release,
    verdict,
    requeueAfterMs: waits.length > 0 && !verdict ? Math.min(...waits) : undefined,
  };
}

const idle = (remove: Stored<Pod>[]): ManagePlan => ({ create: [], remove, waitMs: undefined });

function statusOf(
  job: Stored<Job>,
  counts: Counts,
  verdict: Verdict | undefined,
  { create, remove }: ManagePlan,
  now: number,
): JobStatus {
  const old = job.status ?? {};
  const time = `${new Date(now).toISOString().slice(0, 19)}Z`;
  const uncounted = uncountedOf(job, counts);
  const removed = new Set(remove);
  const indexed = isIndexed(job);
  const status: JobStatus = {
    ...old,
    active: counts.active.length - remove.length + create.length,
    ready:
      counts.ready -
      remove.filter((pod) => pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True')).length,
    terminating: counts.terminating + removed.size,
    succeeded: indexed ? counts.succeededIndexes.size : (old.succeeded ?? 0) + counts.settled.succeeded.length,
    failed: (old.failed ?? 0) + counts.settled.failed.length,
    uncountedTerminatedPods: uncounted,
    conditions: [...(old.conditions ?? [])],
  };
  if (indexed) status.completedIndexes = formatIndexes(counts.succeededIndexes);
  if (job.spec?.backoffLimitPerIndex !== undefined) status.failedIndexes = formatIndexes(counts.failedIndexes);
  if (!old.startTime && !isSuspended(job)) status.startTime = time;
  if (verdict) finish(status, verdict, counts, time);
  else suspendOrResume(job, status, time);
  return status;
}

function uncountedOf(job: Stored<Job>, counts: Counts): NonNullable<JobStatus['uncountedTerminatedPods']> {
  const { succeeded = [], failed = [] } = job.status?.uncountedTerminatedPods ?? {};
  const left = (uids: readonly string[], settled: readonly string[]) => uids.filter((uid) => !settled.includes(uid));
  const fresh = (list: readonly Stored<Pod>[]) => list.map(({ metadata }) => metadata.uid);
  const nowSucceeded = isIndexed(job) ? [] : fresh(counts.newlySucceeded);
  const nowFailed = fresh(counts.newlyFailed.filter((pod) => countsAsFailure(job, pod)));
  const all = {
    succeeded: [...left(succeeded, counts.settled.succeeded), ...nowSucceeded].slice(0, MAX_UNCOUNTED),
    failed: [...left(failed, counts.settled.failed), ...nowFailed].slice(0, MAX_UNCOUNTED),
  };
  return {
    ...(all.succeeded.length > 0 && { succeeded: all.succeeded }),
    ...(all.failed.length > 0 && { failed: all.failed }),
  };
}

/** The intent at once; the end when all pods have ended and are counted. KEP-3998, KEP-4368. */
function finish(status: JobStatus, { type, reason, message }: Verdict, counts: Counts, time: string): void {
  add(status, { type, status: 'True', reason, message, lastProbeTime: time, lastTransitionTime: time });
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const tracked = counts.newlySucceeded.length + counts.newlyFailed.length;
  if (status.active || status.terminating || succeeded.length > 0 || failed.length > 0 || tracked > 0) return;
  const end = type === 'SuccessCriteriaMet' ? 'Complete' : 'Failed';
  add(status, { type: end, status: 'True', reason, message, lastProbeTime: time, lastTransitionTime: time });
  if (end === 'Complete') status.completionTime = time;
}

function suspendOrResume(job: Job, status: JobStatus, time: string): void {
  const old = conditionOf(status.conditions, 'Suspended');
  const stamp = { lastProbeTime: time, lastTransitionTime: time };
  if (isSuspended(job) && old?.status !== 'True') {
    add(status, { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended', ...stamp });
    delete status.startTime;
  } else if (!isSuspended(job) && old?.status === 'True') {
    add(status, { type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed', ...stamp });
    // The deadline counts from when the job goes on.
    status.startTime = time;
  }
}

function add(status: JobStatus, condition: JobCondition): void {
  const old = conditionOf(status.conditions, condition.type);
  if (old?.status === condition.status && old.reason === condition.reason) return;
  status.conditions = [...without(status.conditions, condition.type), condition];
}
