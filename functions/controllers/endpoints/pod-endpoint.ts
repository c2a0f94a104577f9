import type { Stored } from '../../../lib/api/object.ts';
import type { Pod, Service, ServicePort } from '../../../lib/api/types.ts';
import { isFinished, isReady } from '../pod-state.ts';

export interface ResolvedPort {
  name: string;
  protocol: string;
  port: number;
  appProtocol?: string;
}

/** A pod behind a service, before it is written as EndpointSlice or Endpoints. */
export interface PodEndpoint {
  pod: Stored<Pod>;
  ports: ResolvedPort[];
  ready: boolean;
  serving: boolean;
  terminating: boolean;
  /** Given to the pod's DNS name if its subdomain is the service. */
  hostname: string | undefined;
}

/** Pods with an address that are not finished. Source: k8s.io/endpointslice/util, ShouldPodBeInEndpoints; KEP-1672 (terminating). */
export function podEndpoints(service: Stored<Service>, pods: readonly Stored<Pod>[]): PodEndpoint[] {
  return pods
    .filter((pod) => !isFinished(pod) && pod.status?.podIP)
    .map((pod) => {
      const serving = isReady(pod);
      const terminating = pod.metadata.deletionTimestamp !== undefined;
      const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
      const { hostname, subdomain } = pod.spec ?? {};
      const named = hostname && subdomain === service.metadata.name ? hostname : undefined;
      return { pod, ports: resolvePorts(service, pod), ready, serving, terminating, hostname: named };
    });
}

/** Ports whose name the pod does not know are left out. */
function resolvePorts({ spec }: Service, pod: Pod): ResolvedPort[] {
  return (spec?.ports ?? []).flatMap((port) => {
    const number = targetPort(port, pod);
    if (number === undefined) return [];
    const { appProtocol } = port;
    return [
      { name: port.name ?? '', protocol: port.protocol ?? 'TCP', port: number, ...(appProtocol && { appProtocol }) },
    ];
  });
}

/** A number, or the name of a container's port. */
function targetPort({ port, targetPort: target, protocol = 'TCP' }: ServicePort, { spec }: Pod): number | undefined {
  if (target === undefined || target === 0 || target === '') return port;
  if (typeof target === 'number') return target;
  const sidecars = (spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  const ports = [...(spec?.containers ?? []), ...sidecars].flatMap((container) => container.ports ?? []);
  return ports.find((candidate) => candidate.name === target && (candidate.protocol ?? 'TCP') === protocol)
    ?.containerPort;
}

export function addressOf(pod: Pod, family: 'IPv4' | 'IPv6'): string | undefined {
  const addresses = pod.status?.podIPs?.map(({ ip }) => ip) ?? [pod.status?.podIP ?? ''];
  return addresses.find((ip) => ip !== '' && ip.includes(':') === (family === 'IPv6'));
}

export const isHeadless = ({ spec }: Service): boolean => spec?.clusterIP === 'None';
