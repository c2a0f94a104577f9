import { invalidValue, required } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { Job, JobStatus } from '../../../../lib/api/types.ts';
import { checkCounts } from '../replica-status.ts';
import { omitted } from './job-spec.ts';

const isTrue = ({ conditions = [] }: JobStatus, type: string) =>
  conditions.some((condition) => condition.type === type && condition.status === 'True');

/** What a job's controller may not say. Source: validateJobStatus in k8s.io/kubernetes/pkg/apis/batch/validation. */
export function validateJobStatusUpdate({ status = {} }: Job): Cause[] {
  const causes: Cause[] = [];
  const [complete, failed] = [isTrue(status, 'Complete'), isTrue(status, 'Failed')];
  checkCounts(causes, status as Record<string, number>, ['active', 'succeeded', 'failed', 'ready', 'terminating']);
  const conditions = (why: string) => causes.push(omitted('status.conditions', why));
  if (complete && failed) conditions('cannot set Complete=True and Failed=true conditions');
  if (complete && isTrue(status, 'FailureTarget'))
    conditions('cannot set Complete=True and FailureTarget=true conditions');
  if (failed && !isTrue(status, 'FailureTarget')) {
    conditions('cannot set Failed=True condition without the FailureTarget=true condition');
  }
  if (complete && !isTrue(status, 'SuccessCriteriaMet')) {
    conditions('cannot set Complete=True condition without the SuccessCriteriaMet=true condition');
  }
  checkTimes(causes, status, complete, complete || failed);
  return causes;
}

function checkTimes(causes: Cause[], status: JobStatus, complete: boolean, finished: boolean): void {
  const { startTime, completionTime, active = 0 } = status;
  const field = 'status.completionTime';
  if (completionTime && !complete) {
    const why = 'cannot set completionTime when there is no Complete=True condition';
    causes.push(invalidValue(field, completionTime, why));
  }
  if (!completionTime && complete) causes.push(required(field, 'completionTime is required for Complete jobs'));
  if (startTime && completionTime && completionTime < startTime) {
    causes.push(invalidValue(field, completionTime, 'must be equal to or after `startTime`'));
  }
  if (!finished) return;
  if (active > 0) causes.push(invalidValue('status.active', active, 'active>0 is invalid for finished job'));
  if (!startTime) causes.push(required('status.startTime', 'startTime is required for finished job'));
}
