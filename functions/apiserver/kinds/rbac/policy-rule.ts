import { invalidValue } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { PolicyRule } from '../../../../lib/api/types.ts';
import { checkRequired } from '../check.ts';

/** Source: ValidatePolicyRule in k8s.io/kubernetes/pkg/apis/rbac/validation. */
export function checkPolicyRules(causes: Cause[], rules: PolicyRule[] | null | undefined, namespaced: boolean): void {
  rules?.forEach((rule, i) => {
    checkPolicyRule(causes, rule, namespaced, `rules[${i}]`);
  });
}

function checkPolicyRule(causes: Cause[], rule: PolicyRule, namespaced: boolean, path: string): void {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs: urls = [] } = rule;
  checkRequired(causes, `${path}.verbs`, verbs);
  if (urls.length === 0) {
    checkRequired(causes, `${path}.apiGroups`, apiGroups, 'resource rules must supply at least one api group');
    checkRequired(causes, `${path}.resources`, resources, 'resource rules must supply at least one resource');
    return;
  }
  const field = `${path}.nonResourceURLs`;
  if (namespaced) causes.push(invalidValue(field, urls, 'namespaced rules cannot apply to non-resource URLs'));
  if (apiGroups.length + resources.length + resourceNames.length > 0) {
    causes.push(invalidValue(field, urls, 'rules cannot apply to both regular resources and non-resource URLs'));
  }
}
