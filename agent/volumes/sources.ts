import type { Stored } from '../../lib/api/object.ts';
import { isReason } from '../../lib/api/status.ts';
import type { ClusterTrustBundle, ConfigMap, Pod, PodCertificateProjection, Secret } from '../../lib/api/types.ts';
import type { Client } from '../../lib/client/client.ts';
import { configMaps, resourceType, secrets } from '../../lib/client/resource-type.ts';
import type { Credential } from './pod-certificates.ts';

/** Where volumes and environments take their content from. Always the API's present state: a pod made right after its ConfigMap must see it. */
export interface ContentSource {
  configMap(namespace: string, name: string): Promise<Stored<ConfigMap> | undefined>;
  secret(namespace: string, name: string): Promise<Stored<Secret> | undefined>;
  trustBundles(): Promise<readonly ClusterTrustBundle[]>;
  /** A certificate for the pod; `place` is the volume and the source in it. */
  certificate(pod: Pod, place: string, source: PodCertificateProjection): Promise<Credential>;
  /** A token for the pod's service account. */
  token(pod: Pod, request: TokenRequest): Promise<string>;
}

export interface TokenRequest {
  audience: string | undefined;
  expirationSeconds: number;
}

/** What is made for a pod, and kept as long as it holds. */
export interface Credentials {
  token: ContentSource['token'];
  certificate: ContentSource['certificate'];
}

export function clientSource(client: Client, credentials: Credentials): ContentSource {
  return {
    configMap: (namespace, name) => client.get(configMaps, { namespace, name }).catch(absent),
    secret: (namespace, name) => client.get(secrets, { namespace, name }).catch(absent),
    trustBundles: async () => (await client.list(clusterTrustBundles)).items,
    ...credentials,
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
