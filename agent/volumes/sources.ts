import type { Stored } from '../../lib/api/object.ts';
import { isReason } from '../../lib/api/status.ts';
import type { ClusterTrustBundle, ConfigMap, Pod, Secret } from '../../lib/api/types.ts';
import type { Client } from '../../lib/client/client.ts';
import { configMaps, resourceType, secrets } from '../../lib/client/resource-type.ts';

/** Where volumes and environments take their content from. Always the API's present state: a pod made right after its ConfigMap must see it. */
export interface ContentSource {
  configMap(namespace: string, name: string): Promise<Stored<ConfigMap> | undefined>;
  secret(namespace: string, name: string): Promise<Stored<Secret> | undefined>;
  trustBundles(): Promise<readonly ClusterTrustBundle[]>;
  /** A token for the pod's service account. */
  token(pod: Pod, request: TokenRequest): Promise<string>;
}

export interface TokenRequest {
  audience: string | undefined;
  expirationSeconds: number;
}

export function clientSource(
  client: Client,
  token: (pod: Pod, request: TokenRequest) => Promise<string>,
): ContentSource {
  return {
    configMap: (namespace, name) => client.get(configMaps, { namespace, name }).catch(absent),
    secret: (namespace, name) => client.get(secrets, { namespace, name }).catch(absent),
    trustBundles: async () => (await client.list(clusterTrustBundles)).items,
    token,
  };
}

export const clusterTrustBundles = resourceType<ClusterTrustBundle>(
  'certificates.k8s.io',
  'v1',
  'clustertrustbundles',
  'ClusterTrustBundle',
  false,
);

function absent(error: unknown): undefined {
  if (!isReason(error, 'NotFound')) throw error;
}
