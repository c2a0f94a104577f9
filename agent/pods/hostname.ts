import type { Pod } from '../../lib/api/types.ts';

/** sethostname(2) takes 64 bytes with the closing zero. */
const MAX_LENGTH = 63;

export interface PodHostname {
  hostname: string;
  /** Empty without a subdomain. */
  domain: string;
}

/** Source: GeneratePodHostNameAndDomain. */
export function podHostname(pod: Pod, clusterDomain: string): PodHostname {
  const { hostname, hostnameOverride, subdomain } = pod.spec ?? {};
  if (hostnameOverride) return { hostname: truncated(hostnameOverride), domain: '' };
  const domain = subdomain ? `${subdomain}.${pod.metadata?.namespace}.svc.${clusterDomain}` : '';
  return { hostname: truncated(hostname || (pod.metadata?.name ?? '')), domain };
}

function truncated(name: string): string {
  return name.length <= MAX_LENGTH ? name : name.slice(0, MAX_LENGTH).replace(/[-.]+$/, '');
}
