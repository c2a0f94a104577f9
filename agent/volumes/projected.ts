import type { Pod, PodCertificateProjection, ProjectedVolumeSource, VolumeProjection } from '../../lib/api/types.ts';
import { configMapPayload, secretPayload } from './config-map.ts';
import { type DownwardFacts, downwardPayload } from './downward-api.ts';
import { DEFAULT_MODE, type Payload, VolumeError } from './payload.ts';
import type { Credential } from './pod-certificates.ts';
import type { ContentSource } from './sources.ts';
import { trustBundle } from './trust-bundle.ts';

const DEFAULT_EXPIRATION_SECONDS = 3600;

/** All sources in one folder; a later one wins. Source: pkg/volume/projected collectData. */
export async function projectedPayload(
  pod: Pod,
  name: string,
  volume: ProjectedVolumeSource,
  content: ContentSource,
  facts: DownwardFacts,
): Promise<Payload> {
  const mode = volume.defaultMode ?? DEFAULT_MODE;
  const parts = await Promise.all(
    (volume.sources ?? []).map((source, i) => part(pod, `${name}/${i}`, source, mode, content, facts)),
  );
  return new Map(parts.flatMap((one) => [...one]));
}

async function part(
  pod: Pod,
  place: string,
  source: VolumeProjection,
  mode: number,
  content: ContentSource,
  facts: DownwardFacts,
): Promise<Payload> {
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source;
  if (secret) return secretPayload(await existing(content.secret, 'secret', pod, secret), secret, mode);
  if (configMap)
    return configMapPayload(await existing(content.configMap, 'configmap', pod, configMap), configMap, mode);
  if (downwardAPI) return downwardPayload(pod, downwardAPI.items ?? [], facts, mode);
  if (clusterTrustBundle) {
    const data = Buffer.from(trustBundle(clusterTrustBundle, await content.trustBundles()));
    return new Map([[clusterTrustBundle.path, { data, mode }]]);
  }
  if (podCertificate) {
    const credential = await content.certificate(pod, place, podCertificate);
    return credentialFiles(podCertificate, credential, tokenAccess(pod, mode));
  }
  if (!serviceAccountToken) throw new VolumeError('unsupported projected volume source');
  const { audience, expirationSeconds = DEFAULT_EXPIRATION_SECONDS, path } = serviceAccountToken;
  const data = Buffer.from(await content.token(pod, { audience, expirationSeconds }));
  return new Map([[path, { data, ...tokenAccess(pod, mode) }]]);
}

/** Key and certificates in one file, or each in its own. */
function credentialFiles(
  { credentialBundlePath, keyPath, certificateChainPath }: PodCertificateProjection,
  { key, chain }: Credential,
  access: { mode: number; user?: number | undefined },
): Payload {
  const files: [string | undefined, string][] = [
    [credentialBundlePath, key + chain],
    [keyPath, key],
    [certificateChainPath, chain],
  ];
  return new Map(files.flatMap(([path, text]) => (path ? [[path, { data: Buffer.from(text), ...access }]] : [])));
}

/** Whoever runs the containers must be able to read the token, and nobody else need be. */
function tokenAccess(pod: Pod, mode: number): { mode: number; user?: number | undefined } {
  const user = commonUser(pod);
  if (user === undefined && pod.spec?.securityContext?.fsGroup === undefined) return { mode };
  return { mode: 0o600, user };
}

/** The user of all containers, if they agree. Source: pkg/volume/util FsUserFrom. */
function commonUser(pod: Pod): number | undefined {
  const { containers = [], initContainers = [], securityContext } = pod.spec ?? { containers: [] };
  const users = new Set(
    [...initContainers, ...containers].map((one) => one.securityContext?.runAsUser ?? securityContext?.runAsUser),
  );
  return users.size === 1 ? [...users][0] : undefined;
}

/** Undefined only if it may be absent. */
export async function existing<T>(
  read: (namespace: string, name: string) => Promise<T | undefined>,
  kind: 'secret' | 'configmap',
  pod: Pod,
  { name = '', optional }: { name?: string | undefined; optional?: boolean | undefined },
): Promise<T | undefined> {
  const object = await read(pod.metadata?.namespace ?? '', name);
  if (object || optional) return object;
  throw new VolumeError(`${kind} "${name}" not found`);
}
