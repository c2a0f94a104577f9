import { isIPv4 } from 'node:net';
import type { EndpointSlice, Service, ServicePort } from '../../lib/api/types.ts';
import { clusterEndpoints, type EndpointAddress, localEndpoints, type Place, toAddress } from './endpoints.ts';

export type Protocol = 'tcp' | 'udp' | 'sctp';

/** One port of one service with where its traffic goes: all that the rules are made from. */
export interface ServicePortTarget {
  /** `namespace/name:port/protocol` */
  name: string;
  protocol: Protocol;
  port: number;
  nodePort: number;
  /** 0 but for load balancers with externalTrafficPolicy Local. */
  healthCheckNodePort: number;
  clusterIP: string;
  externalIPs: readonly string[];
  loadBalancerIPs: readonly string[];
  sourceRanges: readonly string[];
  affinitySeconds: number;
  internalLocal: boolean;
  externalLocal: boolean;
  cluster: readonly EndpointAddress[];
  local: readonly EndpointAddress[];
}

/** Labels by which a service says that another program answers for it. Source: pkg/proxy/apis/well_known_labels.go. */
const SERVICE_PROXY_NAME = 'service.kubernetes.io/service-proxy-name';
const HEADLESS = 'service.kubernetes.io/headless';
const DEFAULT_AFFINITY_SECONDS = 10_800;

/** Does this proxy answer for the service? Headless and external-name services have no address (`None`, '') to answer for. */
export function isProxied(service: Service): boolean {
  const { type, clusterIP } = service.spec ?? {};
  const labels = service.metadata?.labels ?? {};
  if (SERVICE_PROXY_NAME in labels || HEADLESS in labels) return false;
  return type !== 'ExternalName' && clusterIP !== undefined && isIPv4(clusterIP);
}

export function servicePorts(service: Service, slices: readonly EndpointSlice[], place: Place): ServicePortTarget[] {
  return (service.spec?.ports ?? []).map((port) => servicePort(service, port, slices, place));
}

function servicePort(
  service: Service,
  port: ServicePort,
  slices: readonly EndpointSlice[],
  place: Place,
): ServicePortTarget {
  const spec = service.spec ?? {};
  const protocol = (port.protocol ?? 'TCP').toLowerCase() as Protocol;
  const { namespace, name } = service.metadata ?? {};
  const all = addresses(slices, port, place);
  const affinity = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY_SECONDS;
  return {
    name: `${namespace}/${name}:${port.name ?? ''}/${protocol}`,
    protocol,
    port: port.port,
    nodePort: port.nodePort ?? 0,
    healthCheckNodePort: spec.healthCheckNodePort ?? 0,
    clusterIP: spec.clusterIP ?? '',
    externalIPs: (spec.externalIPs ?? []).filter(isIPv4),
    loadBalancerIPs: loadBalancerIPs(service),
    sourceRanges: (spec.loadBalancerSourceRanges ?? []).map((range) => range.trim()).filter(isRange),
    affinitySeconds: spec.sessionAffinity === 'ClientIP' ? affinity : 0,
    internalLocal: spec.internalTrafficPolicy === 'Local',
    externalLocal: spec.externalTrafficPolicy === 'Local',
    cluster: clusterEndpoints(all, place),
    local: localEndpoints(all),
  };
}

/** With ipMode Proxy the load balancer itself delivers, and the address is not ours to catch (KEP-1860). */
function loadBalancerIPs(service: Service): string[] {
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  return ingress.filter(({ ip, ipMode = 'VIP' }) => ip && isIPv4(ip) && ipMode === 'VIP').map(({ ip }) => ip as string);
}

/** The same address may stand in two slices while it moves between them. */
function addresses(slices: readonly EndpointSlice[], port: ServicePort, place: Place): EndpointAddress[] {
  const found = new Map<string, EndpointAddress>();
  for (const slice of slices) {
    if (slice.addressType !== 'IPv4') continue;
    const match = slice.ports?.find((p) => (p.name ?? '') === (port.name ?? '') && sameProtocol(p, port));
    if (!match?.port) continue;
    for (const endpoint of slice.endpoints ?? []) {
      const address = toAddress(endpoint, endpoint.addresses[0] ?? '', match.port, place);
      const key = `${address.ip}:${address.port}`;
      if (isIPv4(address.ip) && !found.get(key)?.ready) found.set(key, address);
    }
  }
  return [...found.values()].sort(byAddress);
}

/** A stable order, so that the same endpoints give the same rules. */
function byAddress(a: EndpointAddress, b: EndpointAddress): number {
  return a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : a.port - b.port;
}

function sameProtocol(a: { protocol?: string | undefined }, b: { protocol?: string | undefined }): boolean {
  return (a.protocol ?? 'TCP') === (b.protocol ?? 'TCP');
}

/** `198.51.100.0/24`. One address that nft cannot read would stop the whole table's update. */
function isRange(text: string): boolean {
  const [address = '', bits = '', ...more] = text.split('/');
  return more.length === 0 && isIPv4(address) && /^\d{1,2}$/.test(bits) && Number(bits) <= 32;
}
