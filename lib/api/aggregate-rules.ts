import { fromLabelSelector } from './selectors.ts';
import type { ClusterRole, PolicyRule } from './types.ts';

/**
 * The rules of an aggregated ClusterRole: those of every other role that one of its selectors matches, each once.
 * Source: k8s.io/kubernetes/pkg/controller/clusterroleaggregation.
 */
export function aggregateRules(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] {
  const others = all.filter((other) => other.metadata?.name !== role.metadata?.name).sort(byName);
  const rules = new Map<string, PolicyRule>();
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const matcher = fromLabelSelector(selector);
    for (const other of others.filter(({ metadata }) => matcher.matches(metadata?.labels)))
      for (const rule of other.rules ?? []) rules.set(identity(rule), rule);
  }
  return [...rules.values()];
}

function byName(left: ClusterRole, right: ClusterRole): number {
  return (left.metadata?.name ?? '') < (right.metadata?.name ?? '') ? -1 : 1;
}

function identity({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): string {
  return JSON.stringify([verbs, apiGroups ?? [], resources ?? [], resourceNames ?? [], nonResourceURLs ?? []]);
}
