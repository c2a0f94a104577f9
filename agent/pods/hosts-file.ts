import type { HostAlias, Pod } from '../../lib/api/types.ts';
import type { PodHostname } from './hostname.ts';

/** Source: kubelet_pods.go managedHostsFileContent; applications parse this header. */
export function hostsFile(pod: Pod, podIPs: readonly string[], { hostname, domain }: PodHostname): string {
  const own = podIPs.map((ip) => (domain ? `${ip}\t${hostname}.${domain}\t${hostname}\n` : `${ip}\t${hostname}\n`));
  return MANAGED + own.join('') + aliases(pod.spec?.hostAliases);
}

/** With the host's network the node's own file is passed on. */
export function hostNetworkHostsFile(pod: Pod, nodeFile: string): string {
  return `# Kubernetes-managed hosts file (host network).\n${nodeFile}${aliases(pod.spec?.hostAliases)}`;
}

const MANAGED = [
  '# Kubernetes-managed hosts file.',
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'fe00::0\tip6-mcastprefix',
  'fe00::1\tip6-allnodes',
  'fe00::2\tip6-allrouters',
  '',
].join('\n');

function aliases(entries: readonly HostAlias[] | undefined): string {
  if (!entries?.length) return '';
  const lines = entries.map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}\n`);
  return `\n# Entries added by HostAliases.\n${lines.join('')}`;
}
