import { storageType } from '../api/resources.ts';
import type { Client } from './client.ts';
import { type ResourceType, resourceType } from './resource-type.ts';

export interface Discovered {
  readonly type: ResourceType<any>;
  readonly verbs: readonly string[];
}

/** KEP-3352: everything in two requests. */
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** What the server serves now, each kind of object once, in its group's preferred version. */
export async function discoverResources(client: Client): Promise<Discovered[]> {
  const documents = await Promise.all([client.getPath('/api', AGGREGATED), client.getPath('/apis', AGGREGATED)]);
  const found = new Map<string, Discovered>();
  for (const group of documents.flatMap((document) => document.items)) {
    for (const { version, resources = [] } of group.versions) {
      for (const row of resources) {
        const { name = '' } = group.metadata ?? {};
        const type = resourceType(name, version, row.resource, row.responseKind.kind, row.scope === 'Namespaced');
        const stored = storageType(type);
        if (!found.has(stored)) found.set(stored, { type, verbs: row.verbs });
      }
    }
  }
  return [...found.values()];
}
