import { aggregateRules } from '../../lib/api/aggregate-rules.ts';
import type { ClusterRole } from '../../lib/api/types.ts';
import type { Controller } from '../../lib/client/controller.ts';
import { clusterRoles } from '../../lib/client/resource-type.ts';
import type { ControllerDependencies } from './dependencies.ts';

/**
 * Keeps the rules of ClusterRoles that take in others by label. Source: k8s.io/kubernetes/pkg/controller/clusterroleaggregation.
 * Few roles aggregate, and any change may touch each of them.
 */
export function createClusterRoleAggregation({ caches, clientFor }: ControllerDependencies): Controller {
  const cache = caches.cache(clusterRoles);
  const client = clientFor('clusterrole-aggregation-controller');
  const aggregated = () => cache.list().filter((role) => role.aggregationRule);
  return {
    name: 'clusterrole-aggregation',
    watches: [{ type: clusterRoles, keys: () => aggregated().map(({ metadata }) => metadata.name) }],
    async reconcile(name) {
      const role = cache.get(name);
      if (!role?.aggregationRule) return undefined;
      const rules = aggregateRules(role as ClusterRole, cache.list() as ClusterRole[]);
      if (JSON.stringify(rules) !== JSON.stringify(role.rules ?? []))
        await client.update(clusterRoles, { ...role, rules } as ClusterRole);
      return undefined;
    },
  };
}
