import type { PolicyRule } from '../../../lib/api/types.ts';
import type { AuthorizationAttributes } from '../contract.ts';

/** What of a request a rule looks at. Source: k8s.io/kubernetes/pkg/apis/rbac/v1/evaluation_helpers.go */
export function ruleAllows(rule: PolicyRule, request: AuthorizationAttributes): boolean {
  if (!matches(rule.verbs, request.verb)) return false;
  if (!request.isResource) return (rule.nonResourceURLs ?? []).some((url) => urlCovers(url, request.path));
  return (
    matches(rule.apiGroups, request.group) &&
    resourceMatches(rule.resources, request) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(request.name))
  );
}

function matches(set: readonly string[] | undefined, wanted: string): boolean {
  return set !== undefined && (set.includes('*') || set.includes(wanted));
}

function resourceMatches(resources: readonly string[] | undefined, request: AuthorizationAttributes): boolean {
  if (!resources) return false;
  const { resource, subresource } = request;
  if (!subresource) return matches(resources, resource);
  return matches(resources, `${resource}/${subresource}`) || resources.includes(`*/${subresource}`);
}

/** `/healthz/*` covers all below it; a lone `*` covers everything. */
export function urlCovers(pattern: string, path: string): boolean {
  if (pattern === path) return true;
  return pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, ''));
}
