import { required } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { ControllerRevision } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkImmutable, checkNotNegative } from '../check.ts';

/** Source: ValidateControllerRevisionCreate in k8s.io/kubernetes/pkg/apis/apps/validation. */
export const controllerRevision: KindRules = {
  validate({ revision, data }: ControllerRevision) {
    const causes: Cause[] = [];
    checkNotNegative(causes, 'revision', revision);
    if (data === undefined || data === null) causes.push(required('data', 'data is mandatory'));
    else if (typeof data !== 'object' || Array.isArray(data)) {
      causes.push(required('data', 'data must be a valid JSON object'));
    }
    return causes;
  },
  validateUpdate(object: ControllerRevision, old: ControllerRevision) {
    const causes: Cause[] = [];
    checkNotNegative(causes, 'revision', object.revision);
    checkImmutable(causes, 'data', object.data, old.data);
    return causes;
  },
};
