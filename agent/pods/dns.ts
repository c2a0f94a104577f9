import type { Pod } from '../../lib/api/types.ts';
import type { AgentConfig } from '../context.ts';

export interface DnsConfig {
  servers: string[];
  searches: string[];
  options: string[];
}

/** resolv.conf(5) and kubelet's limits: MaxDNSNameservers, MaxDNSSearchPaths. */
const MAX_SERVERS = 3;
const MAX_SEARCHES = 32;

/** What a pod's resolv.conf says. Source: pkg/kubelet/network/dns GetPodDNS. */
export function podDns(
  pod: Pod,
  config: Pick<AgentConfig, 'clusterDNS' | 'clusterDomain'>,
  node: DnsConfig,
): DnsConfig {
  const base = byPolicy(pod, config, node);
  const { nameservers = [], searches = [], options = [] } = pod.spec?.dnsConfig ?? {};
  const named = options.map(({ name = '', value }) => (value ? `${name}:${value}` : name));
  return {
    servers: unique([...base.servers, ...nameservers]).slice(0, MAX_SERVERS),
    searches: unique([...base.searches, ...searches]).slice(0, MAX_SEARCHES),
    options: mergeOptions(base.options, named),
  };
}

function byPolicy(
  pod: Pod,
  { clusterDNS, clusterDomain }: Pick<AgentConfig, 'clusterDNS' | 'clusterDomain'>,
  node: DnsConfig,
): DnsConfig {
  const policy = pod.spec?.dnsPolicy ?? 'ClusterFirst';
  if (policy === 'None') return { servers: [], searches: [], options: [] };
  if (policy === 'Default' || (policy === 'ClusterFirst' && pod.spec?.hostNetwork)) return node;
  const domains = [`${pod.metadata?.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
  return { servers: [...clusterDNS], searches: [...domains, ...node.searches], options: ['ndots:5'] };
}

/** A pod's option replaces the one of the same name. */
function mergeOptions(base: readonly string[], more: readonly string[]): string[] {
  const byName = new Map([...base, ...more].map((option) => [option.split(':', 1)[0]!, option]));
  return [...byName.values()];
}

const unique = (values: readonly string[]) => [...new Set(values)];

/** Source: pkg/kubelet/network/dns parseResolvConf. The last `search` and `options` lines count. */
export function parseResolvConf(text: string): DnsConfig {
  const config: DnsConfig = { servers: [], searches: [], options: [] };
  for (const line of text.split('\n')) {
    const [word, ...rest] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    if (word === 'nameserver' && rest[0]) config.servers.push(rest[0]);
    if (word === 'search')
      config.searches = rest.filter((domain) => domain !== '.').map((domain) => domain.replace(/\.$/, ''));
    if (word === 'options') config.options = rest;
  }
  return config;
}
