import { keyOf, type Stored } from '../../../lib/api/object.ts';
import { isReason } from '../../../lib/api/status.ts';
import { timeMs } from '../../../lib/api/time.ts';
import type { CronJob, CronJobStatus, Job, ObjectReference } from '../../../lib/api/types.ts';
import { type Cache, type Controller, type Result, watch } from '../../../lib/client/controller.ts';
import { cronJobs, jobs } from '../../../lib/client/resource-type.ts';
import { ownerReference } from '../claim.ts';
import { conditionOf } from '../conditions.ts';
import { type ControllerDependencies, type Hands, hands } from '../dependencies.ts';
import { isFinished } from '../job/finish.ts';
import { isNamespaceTerminating } from '../namespace-terminating.ts';
import { controllerOf } from '../pod-state.ts';
import { sameStatus } from '../same-status.ts';
import { dueTime, parseSchedule, type Schedule } from './schedule.ts';

const SCHEDULED_AT = 'batch.kubernetes.io/cronjob-scheduled-timestamp';
/** A timer a little early would find nothing due. */
const SLACK_MS = 100;

export function createCronJobController(dependencies: ControllerDependencies): Controller {
  const cache = dependencies.caches.cache(cronJobs);
  const jobCache = dependencies.caches.cache(jobs);
  const own = hands(dependencies, 'cronjob-controller');
  return {
    name: 'cronjob',
    concurrency: 5,
    watches: [
      watch(cronJobs, (cronJob, previous) => [keyOf((cronJob ?? previous)!)]),
      watch(jobs, (job, previous) => {
        const { metadata } = (job ?? previous)!;
        const owner = controllerOf({ metadata });
        return owner?.kind === 'CronJob' ? [`${metadata.namespace}/${owner.name}`] : [];
      }),
    ],
    async reconcile(key) {
      const cronJob = cache.get(key);
      return cronJob && reconcile(cronJob, jobCache, own);
    },
  };
}

async function reconcile(cronJob: Stored<CronJob>, jobCache: Cache<Job>, own: Hands): Promise<Result | undefined> {
  const owned = jobCache.ownedBy(cronJob.metadata.uid);
  const status = followJobs(cronJob, owned, own);
  await removeHistory(cronJob, owned, own);
  const result = await start(cronJob, owned, status, own);
  if (!sameStatus(cronJob.status, status)) {
    try {
      await own.client.update(cronJobs, { ...cronJob, status }, { subresource: 'status' });
    } catch (error) {
      if (!isReason(error, 'NotFound', 'Conflict')) throw error;
    }
  }
  return result;
}

/** Who is active: those that finished or vanished no longer are. */
function followJobs(cronJob: Stored<CronJob>, owned: readonly Stored<Job>[], own: Hands): CronJobStatus {
  const status: CronJobStatus = { ...cronJob.status };
  const active = (status.active ?? []).filter(({ uid, name }) => {
    const job = owned.find(({ metadata }) => metadata.uid === uid);
    if (!job) own.recorder.normal(cronJob, 'MissingJob', `Active job went missing: ${name}`);
    return job && !isFinished(job);
  });
  for (const job of owned.filter(isFinished)) noteFinished(cronJob, job, status, own);
  for (const job of owned) {
    if (!isFinished(job) && !job.metadata.deletionTimestamp && !active.some(({ uid }) => uid === job.metadata.uid))
      active.push(referenceTo(job));
  }
  return { ...status, active };
}

function noteFinished(cronJob: Stored<CronJob>, job: Stored<Job>, status: CronJobStatus, own: Hands): void {
  const complete = conditionOf(job.status?.conditions, 'Complete')?.status === 'True';
  if (cronJob.status?.active?.some(({ uid }) => uid === job.metadata.uid)) {
    const condition = complete ? 'Complete' : 'Failed';
    own.recorder.normal(cronJob, 'SawCompletedJob', `Saw completed job: ${job.metadata.name}, condition: ${condition}`);
  }
  const { completionTime } = job.status ?? {};
  if (complete && completionTime && !(timeMs(status.lastSuccessfulTime) >= timeMs(completionTime))) {
    status.lastSuccessfulTime = completionTime;
  }
}

function referenceTo({ metadata }: Stored<Job>): ObjectReference {
  const { namespace, name, uid, resourceVersion } = metadata;
  return { kind: 'Job', apiVersion: 'batch/v1', namespace, name, uid, resourceVersion };
}

/** Makes the job that is due, as the concurrency policy allows. Source: cronjob_controllerv2.go, syncCronJob. */
async function start(
  cronJob: Stored<CronJob>,
  owned: readonly Stored<Job>[],
  status: CronJobStatus,
  own: Hands,
): Promise<Result | undefined> {
  if (cronJob.metadata.deletionTimestamp || cronJob.spec?.suspend) return undefined;
  const schedule = scheduleOf(cronJob, own);
  if (!schedule) return undefined;
  const now = own.clock.now();
  const { dueMs, nextMs, tooMany } = dueTime(cronJob, schedule, now);
  const result = nextMs === undefined ? undefined : { requeueAfterMs: nextMs - now + SLACK_MS };
  if (tooMany) {
    const message = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
    own.recorder.warning(cronJob, 'TooManyMissedTimes', message);
  }
  if (dueMs === undefined || isTooLate(cronJob, dueMs, now, own)) return result;
  const name = `${cronJob.metadata.name}-${Math.floor(dueMs / 60_000)}`;
  if (owned.some(({ metadata }) => metadata.name === name)) {
    status.lastScheduleTime = text(dueMs);
    return result;
  }
  if (!(await makeRoom(cronJob, owned, status, own))) return result;
  await create(cronJob, name, dueMs, status, own);
  return result;
}

function scheduleOf(cronJob: Stored<CronJob>, own: Hands): Schedule | undefined {
  try {
    return parseSchedule(cronJob);
  } catch (error) {
    const message = `unparseable schedule: "${cronJob.spec?.schedule}" : ${(error as Error).message}`;
    own.recorder.warning(cronJob, 'UnparseableSchedule', message);
    return undefined;
  }
}

function isTooLate(cronJob: Stored<CronJob>, dueMs: number, now: number, own: Hands): boolean {
  const { startingDeadlineSeconds } = cronJob.spec ?? {};
  if (startingDeadlineSeconds === undefined || dueMs + startingDeadlineSeconds * 1000 >= now) return false;
  own.recorder.warning(
    cronJob,
    'MissSchedule',
    `Missed scheduled time to start a job: ${new Date(dueMs).toUTCString()}`,
  );
  return true;
}

/** False: one that still runs forbids it. */
async function makeRoom(
  cronJob: Stored<CronJob>,
  owned: readonly Stored<Job>[],
  status: CronJobStatus,
  own: Hands,
): Promise<boolean> {
  const active = status.active ?? [];
  const policy = cronJob.spec?.concurrencyPolicy;
  if (policy === 'Forbid' && active.length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
    own.recorder.normal(cronJob, 'JobAlreadyActive', message);
    return false;
  }
  if (policy !== 'Replace') return true;
  for (const { uid } of active) {
    const job = owned.find(({ metadata }) => metadata.uid === uid);
    if (job) await remove(cronJob, job, own);
  }
  status.active = [];
  return true;
}

async function create(
  cronJob: Stored<CronJob>,
  name: string,
  dueMs: number,
  status: CronJobStatus,
  own: Hands,
): Promise<void> {
  const { metadata: template, spec } = cronJob.spec!.jobTemplate;
  const owner = ownerReference({ apiVersion: 'batch/v1', kind: 'CronJob', object: cronJob });
  const { namespace } = cronJob.metadata;
  const annotations = { ...template?.annotations, [SCHEDULED_AT]: text(dueMs) };
  const metadata = { name, namespace, labels: template?.labels, annotations, ownerReferences: [owner] };
  try {
    const job = await own.client.create(jobs, { metadata, spec });
    own.recorder.normal(cronJob, 'SuccessfulCreate', `Created job ${name}`);
    status.active = [...(status.active ?? []), referenceTo(job)];
  } catch (error) {
    if (isNamespaceTerminating(error)) return;
    if (!isReason(error, 'AlreadyExists')) {
      own.recorder.warning(cronJob, 'FailedCreate', `Error creating job: ${(error as Error).message}`);
      throw error;
    }
  }
  status.lastScheduleTime = text(dueMs);
}

/** Keeps the youngest of those that succeeded, and of those that failed. */
async function removeHistory(cronJob: Stored<CronJob>, owned: readonly Stored<Job>[], own: Hands): Promise<void> {
  const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = cronJob.spec ?? {};
  for (const [type, limit] of [
    ['Complete', successfulJobsHistoryLimit],
    ['Failed', failedJobsHistoryLimit],
  ] as const) {
    if (limit === undefined) continue;
    const ended = owned.filter((job) => conditionOf(job.status?.conditions, type)?.status === 'True');
    ended.sort((a, b) => timeMs(a.metadata.creationTimestamp) - timeMs(b.metadata.creationTimestamp));
    for (const job of ended.slice(0, Math.max(0, ended.length - limit))) await remove(cronJob, job, own);
  }
}

async function remove(cronJob: Stored<CronJob>, job: Stored<Job>, own: Hands): Promise<void> {
  const { namespace, name, uid, deletionTimestamp } = job.metadata;
  if (deletionTimestamp) return;
  try {
    await own.client.delete(jobs, { namespace, name }, { uid, propagationPolicy: 'Background' });
    own.recorder.normal(cronJob, 'SuccessfulDelete', `Deleted job ${name}`);
  } catch (error) {
    if (!isReason(error, 'NotFound', 'Conflict')) throw error;
  }
}

const text = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
