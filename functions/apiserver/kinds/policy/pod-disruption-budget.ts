import { invalidValue } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { PodDisruptionBudget } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkOneOf } from '../check.ts';
import { checkAtMost100Percent, checkIntOrPercent } from '../int-or-percent.ts';
import { checkLabelSelector } from '../label-selector.ts';
import { checkCounts } from '../replica-status.ts';
import { statusKept } from '../status.ts';

const COUNTS = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'];

/** Source: ValidatePodDisruptionBudgetSpec in k8s.io/kubernetes/pkg/apis/policy/validation. */
function validate({ spec = {} }: PodDisruptionBudget): Cause[] {
  const causes: Cause[] = [];
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    causes.push(invalidValue('spec', spec, 'minAvailable and maxUnavailable cannot be both set'));
  }
  for (const field of ['minAvailable', 'maxUnavailable'] as const) {
    const value = spec[field];
    if (value === undefined) continue;
    checkIntOrPercent(causes, value, `spec.${field}`);
    checkAtMost100Percent(causes, value, `spec.${field}`);
  }
  checkLabelSelector(causes, spec.selector, 'spec.selector');
  const policy = spec.unhealthyPodEvictionPolicy;
  if (policy !== undefined) {
    checkOneOf(causes, 'spec.unhealthyPodEvictionPolicy', policy, ['AlwaysAllow', 'IfHealthyBudget']);
  }
  return causes;
}

export const podDisruptionBudget: KindRules = {
  ...statusKept(() => Object.fromEntries(COUNTS.map((field) => [field, 0]))),
  validate,
  validateUpdate: validate,
  validateStatusUpdate({ status }: PodDisruptionBudget) {
    const causes: Cause[] = [];
    checkCounts(causes, (status ?? {}) as unknown as Record<string, number>, COUNTS);
    return causes;
  },
  generationFrom: ['spec'],
  unconditionalUpdate: false,
};
