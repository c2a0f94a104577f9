import { humanDuration } from '../../../lib/api/duration.ts';
import { formatLabelSelector } from '../../../lib/api/selectors.ts';
import { timeMs } from '../../../lib/api/time.ts';
import { type AgingCell, ageOf, condition, containerCells, NONE, name, type Rows, since, UNSET } from './row.ts';

export const batchRows: Rows = {
  'batch/jobs': (o) => [
    name(o),
    jobStatus(o),
    completions(o),
    jobDuration(o),
    ageOf(o),
    ...containerCells(o.spec?.template?.spec),
    formatLabelSelector(o.spec?.selector),
  ],
  'batch/cronjobs': (o) => [
    name(o),
    o.spec?.schedule ?? '',
    o.spec?.timeZone ?? NONE,
    suspended(o.spec?.suspend),
    (o.status?.active ?? []).length,
    o.status?.lastScheduleTime ? since(o.status.lastScheduleTime) : NONE,
    ageOf(o),
    ...containerCells(o.spec?.jobTemplate?.spec?.template?.spec),
    formatLabelSelector(o.spec?.jobTemplate?.spec?.selector),
  ],
};

function jobStatus(job: any): string {
  const has = (type: string) => condition(job, type)?.status === 'True';
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp) return 'Terminating';
  if (has('Suspended')) return 'Suspended';
  if (has('FailureTarget')) return 'FailureTarget';
  return has('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
}

function completions(job: any): string {
  const succeeded = job.status?.succeeded ?? 0;
  const { completions: wanted, parallelism = 0 } = job.spec ?? {};
  if (wanted !== undefined && wanted !== null) return `${succeeded}/${wanted}`;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration(job: any): string | AgingCell {
  const { startTime, completionTime } = job.status ?? {};
  if (!startTime) return '';
  const started = timeMs(startTime);
  return completionTime ? humanDuration(timeMs(completionTime) - started) : (now) => humanDuration(now - started);
}

function suspended(suspend: boolean | undefined): string {
  if (suspend === undefined) return UNSET;
  return suspend ? 'True' : 'False';
}
