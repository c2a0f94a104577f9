import type { Pod } from '../../lib/api/types.ts';
import type { AgentConfig } from '../context.ts';
import type { PodSandboxConfig, PortMapping } from '../runtime-contract.ts';
import { podCgroup } from './cgroups.ts';
import { type DnsConfig, podDns } from './dns.ts';
import { podHostname } from './hostname.ts';
import { podLabels } from './labels.ts';
import { podLogsFolder, podRef } from './paths.ts';
import { sandboxSecurityContext } from './security-context.ts';

/** sethostname(2) */
const MAX_FQDN = 64;

/** Source: kuberuntime_sandbox.go generatePodSandboxConfig. Pure. */
export function sandboxConfig(pod: Pod, attempt: number, config: AgentConfig, nodeDns: DnsConfig): PodSandboxConfig {
  // containerd 1.6 ignores user namespaces silently: a pod must not run with less isolation than it asked for.
  if (pod.spec?.hostUsers === false) throw new Error('user namespaces are not supported by the container runtime');
  const hostname = sandboxHostname(pod, config.clusterDomain);
  return {
    metadata: { ...podRef(pod), attempt },
    ...(hostname ? { hostname } : {}),
    logDirectory: podLogsFolder(config.logsDir, podRef(pod)),
    dnsConfig: podDns(pod, config, nodeDns),
    portMappings: portMappings(pod),
    labels: podLabels(pod),
    annotations: { ...pod.metadata?.annotations },
    linux: {
      cgroupParent: podCgroup(pod, config.cgroupRoot),
      securityContext: sandboxSecurityContext(pod),
      sysctls: Object.fromEntries(
        (pod.spec?.securityContext?.sysctls ?? []).map(({ name, value }) => [name.replaceAll('/', '.'), value]),
      ),
    },
  };
}

/** With the host's network the runtime refuses a hostname. */
function sandboxHostname(pod: Pod, clusterDomain: string): string | undefined {
  if (pod.spec?.hostNetwork) return undefined;
  const { hostname, domain } = podHostname(pod, clusterDomain);
  if (!pod.spec?.setHostnameAsFQDN || !domain) return hostname;
  const fqdn = `${hostname}.${domain}`;
  if (fqdn.length > MAX_FQDN)
    throw new Error(
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${fqdn} is too long (64 characters is the max, ${fqdn.length} characters requested)`,
    );
  return fqdn;
}

function portMappings(pod: Pod): PortMapping[] {
  const { containers = [], initContainers = [] } = pod.spec ?? { containers: [] };
  return [...containers, ...initContainers].flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort }) => hostPort && !pod.spec?.hostNetwork)
      .map(({ protocol = 'TCP', containerPort, hostPort = 0, hostIP }) => ({
        protocol: protocol as PortMapping['protocol'],
        containerPort,
        hostPort,
        ...(hostIP ? { hostIp: hostIP } : {}),
      })),
  );
}
