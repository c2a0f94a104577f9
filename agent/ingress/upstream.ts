import type { Stored } from '../../lib/api/object.ts';
import type { EndpointSlice, IngressBackend, Service, ServicePort } from '../../lib/api/types.ts';
import type { BackendProtocol, IngressOptions } from './annotations.ts';

export interface Endpoint {
  host: string;
  port: number;
}

/** One port of a Service with the endpoints behind it. Its identity lasts while requests are balanced over it. */
export interface Upstream {
  /** `default/web:80` */
  name: string;
  protocol: BackendProtocol;
  endpoints: readonly Endpoint[];
  /** Whose turn it is. */
  next: number;
}

/** Of a Service or port that is not there, which the Ingress' events tell of, there are no endpoints: its paths are not another rule's. Undefined: the backend is no Service. */
export function resolveUpstream(
  namespace: string,
  { service: reference }: IngressBackend,
  { protocol }: IngressOptions,
  service: Stored<Service> | undefined,
  slices: readonly EndpointSlice[],
): Upstream | undefined {
  if (!reference) return undefined;
  const port = service?.spec?.ports?.find((candidate) => isNamed(candidate, reference.port ?? {}));
  const name = `${namespace}/${reference.name}:${reference.port?.name ?? reference.port?.number}`;
  if (service?.spec?.type === 'ExternalName')
    return external(service, reference.port?.number ?? port?.port ?? 80, name, protocol);
  if (!port) return { name, protocol: protocol ?? 'http', endpoints: [], next: 0 };
  return { name, protocol: protocol ?? protocolOf(port), endpoints: endpointsOf(slices, port), next: 0 };
}

function isNamed(port: ServicePort, wanted: { name?: string | undefined; number?: number | undefined }): boolean {
  return wanted.name ? port.name === wanted.name : port.port === wanted.number;
}

function external({ spec }: Service, port: number, name: string, protocol: BackendProtocol = 'http'): Upstream {
  return { name, protocol, endpoints: [{ host: spec?.externalName ?? '', port }], next: 0 };
}

/** KEP-3726: standard values of appProtocol. */
function protocolOf({ appProtocol }: ServicePort): BackendProtocol {
  const known: Record<string, BackendProtocol> = { https: 'https', 'kubernetes.io/h2c': 'h2c', grpc: 'h2c' };
  return known[appProtocol?.toLowerCase() ?? ''] ?? 'http';
}

/** The ready ones; when there are none, those that still serve while they terminate, as the service proxy has it (KEP-1669). */
function endpointsOf(slices: readonly EndpointSlice[], port: ServicePort): Endpoint[] {
  const all = slices
    .filter(({ addressType }) => addressType === 'IPv4')
    .flatMap((slice) => {
      const number = slice.ports?.find((p) => (p.name ?? '') === (port.name ?? ''))?.port;
      return number ? (slice.endpoints ?? []).map((endpoint) => ({ endpoint, number })) : [];
    });
  const ready = all.filter(({ endpoint }) => endpoint.conditions?.ready !== false);
  const serving = all.filter(({ endpoint }) => endpoint.conditions?.serving && endpoint.conditions.terminating);
  const chosen = (ready.length > 0 ? ready : serving).map(
    ({ endpoint, number }) => `${endpoint.addresses[0]}:${number}`,
  );
  return [...new Set(chosen)].sort().map((text) => {
    const [host = '', number] = text.split(':');
    return { host, port: Number(number) };
  });
}
