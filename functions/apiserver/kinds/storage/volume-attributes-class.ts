import { forbiddenField } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { VolumeAttributesClass } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { semanticEqual } from '../equal.ts';
import { checkParameters, checkProvisioner } from './storage-class.ts';

/** Source: ValidateVolumeAttributesClass in k8s.io/kubernetes/pkg/apis/storage/validation. */
function validate({ driverName, parameters }: VolumeAttributesClass): Cause[] {
  const causes: Cause[] = [];
  checkProvisioner(causes, driverName, 'driverName');
  checkParameters(causes, parameters, false);
  return causes;
}

export const volumeAttributesClass: KindRules = {
  validate,
  validateUpdate(object: VolumeAttributesClass, old: VolumeAttributesClass) {
    const causes: Cause[] = [];
    for (const field of ['driverName', 'parameters'] as const) {
      if (semanticEqual(object[field], old[field])) continue;
      causes.push(forbiddenField(field, `updates to ${field} are forbidden.`));
    }
    return [...causes, ...validate(object)];
  },
};
