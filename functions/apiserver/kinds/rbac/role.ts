import { invalidValue } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { ClusterRole, Role } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkRequired } from '../check.ts';
import { checkLabelSelector } from '../label-selector.ts';
import { checkPolicyRules } from './policy-rule.ts';

/** A list that is not omitted when it is empty: without rules it reads `null`. */
function defaults(role: { rules?: unknown }): void {
  if (!Array.isArray(role.rules) || role.rules.length === 0) role.rules = null;
}

function validateRole({ rules }: Role): Cause[] {
  const causes: Cause[] = [];
  checkPolicyRules(causes, rules, true);
  return causes;
}

export const role: KindRules = { defaults, validate: validateRole, createOnUpdate: true, nameFormat: 'pathSegment' };

/** Source: ValidateClusterRole in k8s.io/kubernetes/pkg/apis/rbac/validation. */
function validateClusterRole({ rules, aggregationRule }: ClusterRole): Cause[] {
  const causes: Cause[] = [];
  checkPolicyRules(causes, rules, false);
  if (!aggregationRule) return causes;
  const path = 'aggregationRule.clusterRoleSelectors';
  const selectors = aggregationRule.clusterRoleSelectors ?? [];
  checkRequired(causes, path, selectors, 'at least one clusterRoleSelector required if aggregationRule is non-nil');
  selectors.forEach((selector, i) => {
    const before = causes.length;
    checkLabelSelector(causes, selector, `${path}[${i}]`);
    if (causes.length > before) causes.push(invalidValue(`${path}[${i}]`, null, 'invalid label selector.'));
  });
  return causes;
}

export const clusterRole: KindRules = {
  defaults,
  validate: validateClusterRole,
  createOnUpdate: true,
  nameFormat: 'pathSegment',
};
