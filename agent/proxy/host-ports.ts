import { isIPv4 } from 'node:net';
import type { Pod } from '../../lib/api/types.ts';
import { addElement, addRules, type Ruleset } from './ruleset.ts';
import type { Protocol } from './service-port.ts';
import { identifier } from './service-rules.ts';

/** A port of this node that leads to a pod on it. */
export interface HostPort {
  protocol: Protocol;
  hostIP: string;
  hostPort: number;
  podIP: string;
  containerPort: number;
}

/** Of the pods that run on this node. With the host's network a port is the container's own. */
export function hostPorts(pods: readonly Pod[]): HostPort[] {
  return pods.filter(isServed).flatMap((pod) => {
    const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
    const ports = containers.flatMap((container) => container.ports ?? []).filter((port) => port.hostPort);
    return ports.map((port) => ({
      protocol: (port.protocol ?? 'TCP').toLowerCase() as Protocol,
      hostIP: port.hostIP ?? '',
      hostPort: port.hostPort as number,
      podIP: pod.status?.podIP as string,
      containerPort: port.containerPort,
    }));
  });
}

function isServed(pod: Pod): boolean {
  const { phase, podIP } = pod.status ?? {};
  return !pod.spec?.hostNetwork && podIP !== undefined && phase !== 'Succeeded' && phase !== 'Failed';
}

export function addHostPort(ruleset: Ruleset, { protocol, hostIP, hostPort, podIP, containerPort }: HostPort): void {
  const chain = `hostport-${identifier(`${protocol} ${hostIP} ${hostPort} ${podIP}:${containerPort}`)}`;
  if (ruleset.chains.has(chain)) return;
  addRules(
    ruleset,
    chain,
    `ip saddr { ${podIP}, 127.0.0.0/8 } jump masquerade-later`,
    `meta l4proto ${protocol} dnat to ${podIP}:${containerPort}`,
  );
  const everywhere = ['', '0.0.0.0', '::'].includes(hostIP);
  if (everywhere) addElement(ruleset, 'hostports', `${protocol} . ${hostPort}`, `goto ${chain}`);
  else if (isIPv4(hostIP))
    addElement(ruleset, 'hostport-addresses', `${hostIP} . ${protocol} . ${hostPort}`, `goto ${chain}`);
}
