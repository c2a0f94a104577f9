import { duplicateValue, invalidValue, notSupported, required, tooMany } from '../../../../lib/api/causes.ts';
import { pathSegment, qualifiedName } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type {
  MatchCondition,
  MatchResources,
  NamedRuleWithOperations,
  RuleWithOperations,
} from '../../../../lib/api/types.ts';
import { checkFormat, checkOneOf, checkRequired } from '../check.ts';
import { checkLabelSelector } from '../label-selector.ts';

export const FAILURE_POLICIES = ['Fail', 'Ignore'];
export const MATCH_POLICIES = ['Equivalent', 'Exact'];
const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];

export function defaultRules(rules: { scope?: string | undefined }[] | undefined): void {
  for (const rule of rules ?? []) rule.scope ??= '*';
}

/** Source: validateRuleWithOperations in k8s.io/kubernetes/pkg/apis/admissionregistration/validation. */
export function checkRule(causes: Cause[], rule: RuleWithOperations, path: string): void {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule;
  checkRequired(causes, `${path}.operations`, operations);
  checkAlone(causes, operations, 'operations', `${path}.operations`);
  operations.forEach((operation, i) => {
    if (!OPERATIONS.includes(operation)) causes.push(notSupported(`${path}.operations[${i}]`, operation, OPERATIONS));
  });
  checkRequired(causes, `${path}.apiGroups`, apiGroups);
  checkAlone(causes, apiGroups, 'API groups', `${path}.apiGroups`);
  checkRequired(causes, `${path}.apiVersions`, apiVersions);
  checkAlone(causes, apiVersions, 'API versions', `${path}.apiVersions`);
  apiVersions.forEach((version, i) => {
    if (version === '') causes.push(required(`${path}.apiVersions[${i}]`));
  });
  checkResources(causes, resources, `${path}.resources`);
  if (scope !== undefined) checkOneOf(causes, `${path}.scope`, scope, ['*', 'Cluster', 'Namespaced']);
}

function checkAlone(causes: Cause[], values: string[], what: string, field: string): void {
  if (values.length < 2 || !values.includes('*')) return;
  causes.push(invalidValue(field, values, `if '*' is present, must not specify other ${what}`));
}

/** A wildcard stands for every name beside it. Source: validateResources. */
function checkResources(causes: Cause[], resources: string[], path: string): void {
  checkRequired(causes, path, resources);
  const all = resources.includes('*/*');
  if (all && resources.length > 1) {
    causes.push(invalidValue(path, resources, "if '*/*' is present, must not specify other resources"));
  }
  // Upstream looks at the last of these only.
  const last = resources.findLast((resource) => resource !== '' && !resource.includes('/'));
  if (resources.includes('*') && last !== '*') {
    const why = "if '*' is present, must not specify other resources without subresources";
    causes.push(invalidValue(path, resources, why));
  }
  resources.forEach((resource, i) => {
    const field = `${path}[${i}]`;
    if (resource === '') {
      causes.push(required(field));
      return;
    }
    const [name, subresource] = resource.split('/');
    const others = resources.filter((_, j) => j !== i);
    if (subresource !== undefined && subresource !== '*' && others.includes(`${name}/*`)) {
      causes.push(invalidValue(field, resource, `if '${name}/*' is present, must not specify ${resource}`));
    }
    if (subresource !== undefined && name !== '*' && others.includes(`*/${subresource}`)) {
      causes.push(invalidValue(field, resource, `if '*/${subresource}' is present, must not specify ${resource}`));
    }
  });
}

const CONDITIONS_MAX = 64;

/** The expressions themselves are not compiled here. Source: validateMatchConditions. */
export function checkMatchConditions(causes: Cause[], conditions: MatchCondition[] = [], path: string): void {
  if (conditions.length > CONDITIONS_MAX) causes.push(tooMany(path, conditions.length, CONDITIONS_MAX));
  const names = new Set<string>();
  conditions.forEach(({ name, expression = '' }, i) => {
    const at = `${path}[${i}]`;
    checkRequired(causes, `${at}.expression`, expression.trim());
    if (!checkRequired(causes, `${at}.name`, name)) return;
    checkFormat(causes, `${at}.name`, name, qualifiedName);
    if (names.has(name)) causes.push(duplicateValue(`${at}.name`, name));
    names.add(name);
  });
}

export function defaultMatchResources(match: MatchResources | undefined): void {
  if (!match) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  defaultRules(match.resourceRules);
  defaultRules(match.excludeResourceRules);
}

/** Source: validateMatchResources. */
export function checkMatchResources(causes: Cause[], match: MatchResources | undefined, path: string): void {
  if (!match) return;
  checkOneOf(causes, `${path}.matchPolicy`, match.matchPolicy, MATCH_POLICIES);
  checkLabelSelector(causes, match.namespaceSelector, `${path}.namespaceSelector`);
  checkLabelSelector(causes, match.objectSelector, `${path}.objectSelector`);
  match.resourceRules?.forEach((rule, i) => {
    checkNamedRule(causes, rule, `${path}.resourceRules[${i}]`);
  });
  match.excludeResourceRules?.forEach((rule, i) => {
    checkNamedRule(causes, rule, `${path}.excludeResourceRules[${i}]`);
  });
}

function checkNamedRule(causes: Cause[], rule: NamedRuleWithOperations, path: string): void {
  const names = rule.resourceNames ?? [];
  names.forEach((name, i) => {
    const field = `${path}.resourceNames[${i}]`;
    checkFormat(causes, field, name, pathSegment);
    if (names.indexOf(name) < i) causes.push(duplicateValue(field, name));
  });
  checkRule(causes, rule, path);
}
