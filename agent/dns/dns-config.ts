import { isIPv4 } from 'node:net';
import type { ConfigMap } from '../../lib/api/types.ts';

/** Where questions about other names than the cluster's go. */
export interface DnsConfig {
  /** `corp.example` → `10.0.0.53` or `10.0.0.53:5353`. */
  stubDomains: ReadonlyMap<string, readonly string[]>;
  /** Absent: the machine's. */
  upstreamNameservers: readonly string[] | undefined;
}

/** The ConfigMap kube-system/kube-dns, in the form that kube-dns gave it: JSON under `stubDomains` and `upstreamNameservers`. */
export const DNS_CONFIG_MAP = { namespace: 'kube-system', name: 'kube-dns' };

/** What cannot be read counts as absent: a slip in it must not take the names of a cluster away. */
export function dnsConfigOf(configMap: ConfigMap | undefined): DnsConfig {
  const { stubDomains, upstreamNameservers } = configMap?.data ?? {};
  const domains = Object.entries(parseJson(stubDomains) ?? {}).map(
    ([domain, list]) => [domain.toLowerCase().replace(/\.$/, ''), servers(list)] as const,
  );
  const upstream = servers(parseJson(upstreamNameservers));
  return {
    stubDomains: new Map(domains.filter(([, list]) => list.length > 0)),
    upstreamNameservers: upstream.length > 0 ? upstream : undefined,
  };
}

/** The servers of the longest domain that the name is in, or the others'. */
export function serversFor(config: DnsConfig, name: string, others: readonly string[]): readonly string[] {
  for (let rest = name; rest !== ''; rest = rest.includes('.') ? rest.slice(rest.indexOf('.') + 1) : '') {
    const stub = config.stubDomains.get(rest);
    if (stub) return stub;
  }
  return config.upstreamNameservers ?? others;
}

function parseJson(text: string | undefined): any {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return undefined;
  }
}

function servers(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  return list.filter((item) => typeof item === 'string' && isIPv4(item.split(':')[0] ?? ''));
}
