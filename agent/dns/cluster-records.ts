import type { EndpointSlice, Service } from '../../lib/api/types.ts';
import type { Cache } from '../../lib/client/controller.ts';
import { serviceNameOf, slicesByService } from '../network/service-index.ts';

/** Services and their endpoints as DNS sees them: every lookup is one of a map. */
export interface ClusterRecords {
  service(namespace: string, name: string): Service | undefined;
  hasNamespace(namespace: string): boolean;
  /** Ready endpoints; those that are not ready too when the service publishes them (the slices say so). */
  endpoints(namespace: string, name: string): ServiceEndpoint[];
  servicesOf(clusterIP: string): Service[];
  endpointsAt(ip: string): { namespace: string; service: string; hostname: string }[];
}

export interface ServiceEndpoint {
  ip: string;
  /** The pod's, or its address with dashes. */
  hostname: string;
  ports: readonly { name: string; protocol: string; port: number }[];
}

const BY_CLUSTER_IP = 'clusterIP';
const BY_ADDRESS = 'address';

export function clusterRecords(services: Cache<Service>, slices: Cache<EndpointSlice>): ClusterRecords {
  services.addIndex(BY_CLUSTER_IP, (service) => service.spec?.clusterIPs ?? [service.spec?.clusterIP ?? '']);
  const slicesOf = slicesByService(slices);
  slices.addIndex(BY_ADDRESS, (slice) => (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses));
  return {
    service: (namespace, name) => services.get(`${namespace}/${name}`),
    hasNamespace: (namespace) => services.list(namespace).length > 0,
    endpoints: (namespace, name) => slicesOf(`${namespace}/${name}`).flatMap(readyEndpoints),
    servicesOf: (ip) => [...services.byIndex(BY_CLUSTER_IP, ip)],
    endpointsAt: (ip) => slices.byIndex(BY_ADDRESS, ip).flatMap((slice) => namesAt(slice, ip)),
  };
}

function readyEndpoints(slice: EndpointSlice): ServiceEndpoint[] {
  if (slice.addressType !== 'IPv4') return [];
  const ports = (slice.ports ?? []).map(({ name = '', protocol = 'TCP', port = 0 }) => ({ name, protocol, port }));
  const ready = (slice.endpoints ?? []).filter((endpoint) => endpoint.conditions?.ready !== false);
  return ready.flatMap(({ addresses, hostname }) =>
    addresses.map((ip) => ({ ip, hostname: hostname || dashed(ip), ports })),
  );
}

function namesAt(slice: EndpointSlice, ip: string) {
  const namespace = slice.metadata?.namespace ?? '';
  const service = serviceNameOf(slice);
  const endpoint = slice.endpoints?.find((e) => e.addresses.includes(ip) && e.hostname);
  return service && endpoint ? [{ namespace, service, hostname: endpoint.hostname as string }] : [];
}

export function dashed(ip: string): string {
  return ip.replaceAll('.', '-');
}
