import { forbiddenField, invalidValue, notSupported } from '../../../../lib/api/causes.ts';
import { qualifiedName } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { Lease } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat } from '../check.ts';

/** Source: ValidateLeaseSpec in k8s.io/kubernetes/pkg/apis/coordination/validation. */
function validate({ spec = {} }: Lease): Cause[] {
  const causes: Cause[] = [];
  const { leaseDurationSeconds: seconds, leaseTransitions: transitions, strategy, preferredHolder } = spec;
  if (seconds !== undefined && seconds <= 0) {
    causes.push(invalidValue('spec.leaseDurationSeconds', seconds, 'must be greater than 0'));
  }
  if (transitions !== undefined && transitions < 0) {
    causes.push(invalidValue('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'));
  }
  if (strategy !== undefined) checkStrategy(causes, strategy);
  if (preferredHolder && !strategy) {
    causes.push(forbiddenField('spec.preferredHolder', 'may only be specified if `strategy` is defined'));
  }
  return causes;
}

function checkStrategy(causes: Cause[], strategy: string): void {
  const field = 'spec.strategy.strategy';
  if (strategy.includes('/')) checkFormat(causes, field, strategy, qualifiedName);
  else if (strategy !== 'OldestEmulationVersion') {
    causes.push(notSupported(field, strategy, ['OldestEmulationVersion']));
  }
}

export const lease: KindRules = {
  defaults(object: Lease) {
    object.spec ??= {};
  },
  validate,
  validateUpdate: validate,
  createOnUpdate: true,
  unconditionalUpdate: false,
};
