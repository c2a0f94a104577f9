import type { ResourceType } from '../registry/resource-table.ts';
import type { Group } from './groups.ts';

/** All of discovery in two documents: the core group's under /api, the others' under /apis. Source: KEP-3352. */
export function groupDiscoveryList(groups: readonly Group[], version: 'v2' | 'v2beta1'): object {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map((group) => ({
      metadata: group.name ? { name: group.name } : {},
      versions: group.versions.map(({ version: name, resources }) => ({
        version: name,
        resources: resources.map(resourceDiscovery),
        freshness: 'Current',
      })),
    })),
  };
}

function resourceDiscovery(type: ResourceType): object {
  return {
    resource: type.resource,
    responseKind: { group: '', version: '', kind: type.kind },
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.singular,
    verbs: type.verbs,
    ...(type.shortNames.length ? { shortNames: type.shortNames } : {}),
    ...(type.categories.length ? { categories: type.categories } : {}),
    ...(type.subresources.size ? { subresources: subresources(type) } : {}),
  };
}

function subresources(type: ResourceType): object[] {
  return [...type.subresources].map(([name, sub]) => {
    const own = sub.group === type.group && sub.version === type.version;
    const { group, version } = own ? { group: '', version: '' } : sub;
    return { subresource: name, responseKind: { group, version, kind: sub.kind }, verbs: sub.verbs };
  });
}
