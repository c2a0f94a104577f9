import { invalidValue, notSupported } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { CronJob, CronJobSpec, JobSpec } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkNotNegative, checkRequired, checkRequiredOneOf } from '../check.ts';
import { statusKept } from '../status.ts';
import { isSame, jobSpecWarnings, nameWarnings } from '../warnings/workload.ts';
import { checkJobSpec, defaultJobSpec } from './job-spec.ts';
import { scheduleFault } from './schedule.ts';

/** Source: SetDefaults_CronJob in k8s.io/kubernetes/pkg/apis/batch/v1/defaults.go. */
function defaults({ spec }: CronJob): void {
  if (!spec) return;
  spec.concurrencyPolicy ||= 'Allow';
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
  spec.jobTemplate ??= {};
  spec.jobTemplate.metadata ??= {};
  if (spec.jobTemplate.spec) defaultJobSpec(spec.jobTemplate.spec);
}

/** Leaves room for the eleven characters that a job's name adds. */
const NAME_MAX = 52;

/** Source: ValidateCronJobCreate in k8s.io/kubernetes/pkg/apis/batch/validation. */
function validate(cronJob: CronJob): Cause[] {
  const causes = validateUpdate(cronJob, undefined);
  const { name = '' } = cronJob.metadata ?? {};
  if (name.length > NAME_MAX) {
    causes.push(invalidValue('metadata.name', name, `must be no more than ${NAME_MAX} characters`));
  }
  return causes;
}

function validateUpdate({ spec: given }: CronJob, old: CronJob | undefined): Cause[] {
  const causes: Cause[] = [];
  const spec = given ?? ({} as CronJobSpec);
  if (checkRequired(causes, 'spec.schedule', spec.schedule)) checkSchedule(causes, spec, old?.spec);
  checkNotNegative(causes, 'spec.startingDeadlineSeconds', spec.startingDeadlineSeconds);
  if (spec.timeZone !== old?.spec?.timeZone) checkTimeZone(causes, spec.timeZone);
  checkRequiredOneOf(causes, 'spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']);
  checkTemplate(causes, spec.jobTemplate?.spec ?? ({} as JobSpec));
  checkNotNegative(causes, 'spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit);
  checkNotNegative(causes, 'spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit);
  return causes;
}

function checkSchedule(causes: Cause[], { schedule, timeZone }: CronJobSpec, old: CronJobSpec | undefined): void {
  const fault = scheduleFault(schedule);
  if (fault) causes.push(invalidValue('spec.schedule', schedule, fault));
  if (!schedule.includes('TZ')) return;
  const why = old?.schedule.includes('TZ')
    ? timeZone !== undefined && 'cannot use both timeZone field and TZ or CRON_TZ in schedule'
    : 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
  if (why) causes.push(invalidValue('spec.schedule', schedule, why));
}

function checkTimeZone(causes: Cause[], zone: string | undefined): void {
  if (zone === undefined) return;
  const fault = timeZoneFault(zone);
  if (fault) causes.push(invalidValue('spec.timeZone', zone, fault));
}

function timeZoneFault(zone: string): string | undefined {
  if (zone === '') return 'timeZone must be nil or non-empty string';
  if (zone.toLowerCase() === 'local') {
    return 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
  }
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return undefined;
  } catch {
    // What the runtime's database does not hold is unknown, as in Go's.
    return `unknown time zone ${zone}`;
  }
}

function checkTemplate(causes: Cause[], spec: JobSpec): void {
  const path = 'spec.jobTemplate.spec';
  checkJobSpec(causes, spec, path);
  if (spec.selector) causes.push(invalidValue(`${path}.selector`, spec.selector, '`selector` will be auto-generated'));
  if (spec.manualSelector) causes.push(notSupported(`${path}.manualSelector`, true, ['nil', 'false']));
}

const TZ_IN_SCHEDULE =
  'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details';

export const cronJob: KindRules = {
  ...statusKept(),
  defaults,
  validate,
  validateUpdate,
  generationFrom: ['spec'],
  warnings(object: CronJob, old?: CronJob) {
    const warnings = old ? [] : nameWarnings(object.metadata);
    if (!isSame(object, old))
      warnings.push(...jobSpecWarnings(object.spec?.jobTemplate?.spec, 'spec.jobTemplate.spec'));
    if (old && object.spec?.schedule?.includes('TZ')) warnings.push(TZ_IN_SCHEDULE);
    return warnings;
  },
};
