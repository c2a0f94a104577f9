import type { CSIDriver, Pod } from '../../../lib/api/types.ts';
import type { Clock } from '../../../lib/runtime/clock.ts';
import type { ContentSource } from '../sources.ts';

const TOKENS = 'csi.storage.k8s.io/serviceAccount.tokens';
const DEFAULT_EXPIRATION_SECONDS = 3600;

/** What a driver is told of the pod, if it asks for it. Source: pkg/volume/csi getPodInfoAttrs, podServiceAccountTokenAttrs. */
export async function podContext(
  driver: CSIDriver | undefined,
  pod: Pod,
  ephemeral: boolean,
  { content, clock }: { content: ContentSource; clock: Clock },
): Promise<{ context: Record<string, string>; secrets: Record<string, string> }> {
  const context: Record<string, string> = driver?.spec?.podInfoOnMount ? podInfo(pod, ephemeral) : {};
  const requests = driver?.spec?.tokenRequests ?? [];
  if (requests.length === 0) return { context, secrets: {} };
  const tokens: Record<string, { token: string; expirationTimestamp: string }> = {};
  for (const { audience, expirationSeconds = DEFAULT_EXPIRATION_SECONDS } of requests) {
    const token = await content.token(pod, { audience: audience || undefined, expirationSeconds });
    const expires = new Date(clock.now() + expirationSeconds * 1000);
    tokens[audience] = { token, expirationTimestamp: `${expires.toISOString().slice(0, 19)}Z` };
  }
  const text = JSON.stringify(tokens);
  return driver?.spec?.serviceAccountTokenInSecrets
    ? { context, secrets: { [TOKENS]: text } }
    : { context: { ...context, [TOKENS]: text }, secrets: {} };
}

function podInfo({ metadata, spec }: Pod, ephemeral: boolean): Record<string, string> {
  return {
    'csi.storage.k8s.io/pod.name': metadata?.name ?? '',
    'csi.storage.k8s.io/pod.namespace': metadata?.namespace ?? '',
    'csi.storage.k8s.io/pod.uid': metadata?.uid ?? '',
    'csi.storage.k8s.io/serviceAccount.name': spec?.serviceAccountName ?? '',
    'csi.storage.k8s.io/ephemeral': String(ephemeral),
  };
}
