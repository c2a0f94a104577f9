import type { Stored } from '../../../lib/api/object.ts';
import { timeMs } from '../../../lib/api/time.ts';
import type { Job, JobCondition, Pod } from '../../../lib/api/types.ts';
import { conditionOf } from '../conditions.ts';
import type { Counts } from './count.ts';
import { isIndexed } from './pods.ts';
import { matchFailurePolicy, matchSuccessPolicy } from './policies.ts';

/** Why a job is to end: first the intent, and once its pods have ended, the end (Complete or Failed). */
export interface Verdict {
  type: 'SuccessCriteriaMet' | 'FailureTarget';
  reason: string;
  message: string;
}

export const isSuspended = ({ spec }: Job): boolean => spec?.suspend === true;

export function isFinished({ status }: Job): boolean {
  return ['Complete', 'Failed'].some((type) => conditionOf(status?.conditions, type)?.status === 'True');
}

function standing({ status }: Job): Verdict | undefined {
  for (const type of ['SuccessCriteriaMet', 'FailureTarget'] as const) {
    const condition = conditionOf(status?.conditions, type) as JobCondition | undefined;
    if (condition?.status === 'True') return { type, reason: condition.reason ?? '', message: condition.message ?? '' };
  }
  return undefined;
}

const fail = (reason: string, message: string): Verdict => ({ type: 'FailureTarget', reason, message });
const succeed = (reason: string, message: string): Verdict => ({ type: 'SuccessCriteriaMet', reason, message });

/** In the order of job_controller.go, syncJob: an earlier verdict stands; failures before successes. */
export function verdictOf(
  job: Stored<Job>,
  pods: readonly Stored<Pod>[],
  counts: Counts,
  now: number,
): Verdict | undefined {
  return standing(job) ?? failure(job, pods, counts, now) ?? success(job, counts);
}

function failure(job: Stored<Job>, pods: readonly Stored<Pod>[], counts: Counts, now: number): Verdict | undefined {
  for (const pod of pods) {
    const match = matchFailurePolicy(job, pod);
    if (match?.action === 'FailJob') return fail('PodFailurePolicy', match.message);
  }
  const { backoffLimit = 6, maxFailedIndexes, completions = 0 } = job.spec ?? {};
  if (counts.failed > backoffLimit || restartsExceed(job, counts.active, backoffLimit)) {
    return fail('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  if (deadlineInMs(job, now) === 0) return fail('DeadlineExceeded', 'Job was active longer than specified deadline');
  const failed = counts.failedIndexes.size;
  if (maxFailedIndexes !== undefined && failed > maxFailedIndexes) {
    return fail('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes');
  }
  if (failed > 0 && failed + counts.succeededIndexes.size >= completions)
    return fail('FailedIndexes', 'Job has failed indexes');
  return undefined;
}

/** Restarts in place count too where pods are restarted. */
function restartsExceed({ spec }: Job, active: readonly Stored<Pod>[], limit: number): boolean {
  if (spec?.template.spec?.restartPolicy !== 'OnFailure') return false;
  const restarts = active
    .filter(({ status }) => status?.phase === 'Running' || status?.phase === 'Pending')
    .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

/** 0: past. Undefined: none runs. */
export function deadlineInMs(job: Job, now: number): number | undefined {
  const { activeDeadlineSeconds } = job.spec ?? {};
  if (activeDeadlineSeconds === undefined || isSuspended(job) || !job.status?.startTime) return undefined;
  return Math.max(0, timeMs(job.status.startTime) + activeDeadlineSeconds * 1000 - now);
}

function success(job: Stored<Job>, { succeeded, active, succeededIndexes }: Counts): Verdict | undefined {
  if (isIndexed(job)) {
    const message = matchSuccessPolicy(job, succeededIndexes);
    if (message) return succeed('SuccessPolicy', message);
  }
  const { completions } = job.spec ?? {};
  // Without a number of completions, one success and everybody's end will do.
  const reached = completions === undefined ? succeeded > 0 : succeeded >= completions;
  return reached && active.length === 0
    ? succeed('CompletionsReached', 'Reached expected number of succeeded pods')
    : undefined;
}
