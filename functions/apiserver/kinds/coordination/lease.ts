import { invalidValue } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { Lease } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';

/** Source: ValidateLeaseSpec in k8s.io/kubernetes/pkg/apis/coordination/validation. */
function validate({ spec = {} }: Lease): Cause[] {
  const causes: Cause[] = [];
  const { leaseDurationSeconds: seconds, leaseTransitions: transitions } = spec;
  if (seconds !== undefined && seconds <= 0) {
    causes.push(invalidValue('spec.leaseDurationSeconds', seconds, 'must be greater than 0'));
  }
  if (transitions !== undefined && transitions < 0) {
    causes.push(invalidValue('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'));
  }
  return causes;
}

/** Coordinated leader election is off in 1.37. Source: leaseStrategy in k8s.io/kubernetes/pkg/registry/coordination/lease. */
function dropDisabledFields({ spec }: Lease): void {
  delete spec?.strategy;
  delete spec?.preferredHolder;
}

export const lease: KindRules = {
  defaults(object: Lease) {
    object.spec ??= {};
  },
  prepareForCreate: dropDisabledFields,
  prepareForUpdate: dropDisabledFields,
  validate,
  validateUpdate: validate,
  createOnUpdate: true,
  unconditionalUpdate: false,
};
