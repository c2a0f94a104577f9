import type { Answer } from 'dns-packet';
import type { Service } from '../../lib/api/types.ts';
import type { Random } from '../../lib/runtime/random.ts';
import { address, found, noData, noName, soa, TTL_SECONDS, type ZoneAnswer } from './answer.ts';
import type { ClusterRecords, ServiceEndpoint } from './cluster-records.ts';

export interface Zone {
  /** `cluster.local` */
  domain: string;
  /** Where this zone's name server answers. */
  dnsIP: string;
  records: ClusterRecords;
  random: Random;
}

/** Version of the specification that is followed: github.com/kubernetes/dns, docs/specification.md. */
const DNS_VERSION = '1.1.0';
const PODS = 'pod';
const SERVICES = 'svc';

/** Answers for a name at or below the zone. `name` is in lower case, without the last dot. */
export function answerCluster(zone: Zone, name: string, type: string): ZoneAnswer {
  if (name === zone.domain) return answerApex(zone, type);
  const labels = name.slice(0, -zone.domain.length - 1).split('.');
  const kind = labels.at(-1);
  if (name === `dns-version.${zone.domain}`) return answerVersion(zone, name, type);
  if (name === `ns.dns.${zone.domain}`) return addresses(zone, name, type, [zone.dnsIP]);
  if (kind === PODS) return answerPod(zone, name, type, labels);
  if (kind === SERVICES) return answerService(zone, name, type, labels);
  return noName(zone.domain);
}

function answerApex(zone: Zone, type: string): ZoneAnswer {
  const nameServer: Answer = { type: 'NS', name: zone.domain, ttl: TTL_SECONDS, data: `ns.dns.${zone.domain}` };
  if (type === 'SOA') return found([soa(zone.domain)]);
  if (type === 'NS') return found([nameServer], [address(`ns.dns.${zone.domain}`, zone.dnsIP)]);
  return noData(zone.domain);
}

function answerVersion(zone: Zone, name: string, type: string): ZoneAnswer {
  return type === 'TXT' ? found([{ type: 'TXT', name, ttl: TTL_SECONDS, data: DNS_VERSION }]) : noData(zone.domain);
}

/** A-B-C-D.NAMESPACE.pod: an address spelt as a name; that a pod has it is not checked (CoreDNS `pods insecure`). */
function answerPod(zone: Zone, name: string, type: string, labels: string[]): ZoneAnswer {
  if (labels.length < 3) return noData(zone.domain);
  const ip = labels.length === 3 ? undashed(labels[0] ?? '') : undefined;
  return ip ? addresses(zone, name, type, [ip]) : noName(zone.domain);
}

function undashed(label: string): string | undefined {
  const octets = /^(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})$/.exec(label)?.slice(1);
  return octets?.every((octet) => Number(octet) < 256) ? octets.join('.') : undefined;
}

function answerService(zone: Zone, name: string, type: string, labels: string[]): ZoneAnswer {
  const [namespace, serviceName, ...more] = labels.slice(0, -1).reverse();
  if (namespace === undefined) return noData(zone.domain);
  if (serviceName === undefined)
    return zone.records.hasNamespace(namespace) ? noData(zone.domain) : noName(zone.domain);
  const service = zone.records.service(namespace, serviceName);
  if (!service) return noName(zone.domain);
  if (service.spec?.type === 'ExternalName') return answerExternal(zone, name, more, service);
  if (more.length === 0) return answerServiceName(zone, name, type, service);
  if (more.length === 1) return answerEndpoint(zone, name, type, service, more[0] ?? '');
  return more.length === 2 ? answerPort(zone, name, type, service, more) : noName(zone.domain);
}

/** The CNAME alone; whoever asks for an address gets the rest from the resolver. */
function answerExternal(zone: Zone, name: string, more: string[], service: Service): ZoneAnswer {
  const target = service.spec?.externalName?.replace(/\.$/, '');
  if (more.length > 0 || !target) return noName(zone.domain);
  return found([{ type: 'CNAME', name, ttl: TTL_SECONDS, class: 'IN', data: target }]);
}

function answerServiceName(zone: Zone, name: string, type: string, service: Service): ZoneAnswer {
  if (type === 'SRV') return answerServers(zone, name, service, () => true);
  if (!isHeadless(service)) return addresses(zone, name, type, [service.spec?.clusterIP ?? '']);
  const ips = endpointsOf(zone, service).map((endpoint) => endpoint.ip);
  return ips.length > 0 ? addresses(zone, name, type, shuffled([...new Set(ips)], zone.random)) : noName(zone.domain);
}

/** HOSTNAME.SERVICE.NAMESPACE.svc */
function answerEndpoint(zone: Zone, name: string, type: string, service: Service, label: string): ZoneAnswer {
  // `_tcp.SERVICE` is an empty name between a port and its service (RFC 8020).
  if (/^_(tcp|udp|sctp)$/.test(label)) return noData(zone.domain);
  const ips = endpointsOf(zone, service).filter((endpoint) => endpoint.hostname === label);
  return ips.length > 0 ? addresses(zone, name, type, [...new Set(ips.map(({ ip }) => ip))]) : noName(zone.domain);
}

/** _PORT._PROTOCOL.SERVICE.NAMESPACE.svc; `more` counts from the service outwards. */
function answerPort(zone: Zone, name: string, type: string, service: Service, more: string[]): ZoneAnswer {
  const [protocol = '', port = ''] = more;
  if (!protocol.startsWith('_') || !port.startsWith('_')) return noName(zone.domain);
  const matches = (p: NamedPort) => p.name === port.slice(1) && p.protocol.toLowerCase() === protocol.slice(1);
  const answer = answerServers(zone, name, service, matches);
  return answer.rcode === 'NOERROR' && type !== 'SRV' ? noData(zone.domain) : answer;
}

interface NamedPort {
  name: string;
  protocol: string;
  port: number;
}

/** One SRV record for each target and port, with the targets' addresses beside them. */
function answerServers(zone: Zone, name: string, service: Service, matches: (port: NamedPort) => boolean): ZoneAnswer {
  const targets = serverTargets(zone, service).flatMap(({ target, ip, ports }) =>
    ports.filter(matches).map(({ port }) => ({ target, ip, port })),
  );
  if (targets.length === 0) return noName(zone.domain);
  const weight = Math.max(1, Math.floor(100 / targets.length));
  const answers = targets.map(({ target, port }): Answer => {
    const data = { priority: 0, weight, port, target };
    return { type: 'SRV', name, ttl: TTL_SECONDS, class: 'IN', data };
  });
  const unique = new Map(targets.map(({ target, ip }) => [target, ip]));
  return found(
    answers,
    [...unique].map(([target, ip]) => address(target, ip)),
  );
}

function serverTargets(zone: Zone, service: Service): { target: string; ip: string; ports: readonly NamedPort[] }[] {
  const { name, namespace } = service.metadata ?? {};
  const full = `${name}.${namespace}.${SERVICES}.${zone.domain}`;
  if (isHeadless(service)) {
    return endpointsOf(zone, service).map(({ hostname, ip, ports }) => ({ target: `${hostname}.${full}`, ip, ports }));
  }
  const ports = (service.spec?.ports ?? []).map((p) => ({
    name: p.name ?? '',
    protocol: p.protocol ?? 'TCP',
    port: p.port,
  }));
  return [{ target: full, ip: service.spec?.clusterIP ?? '', ports }];
}

function endpointsOf(zone: Zone, { metadata }: Service): ServiceEndpoint[] {
  return zone.records.endpoints(metadata?.namespace ?? '', metadata?.name ?? '');
}

export function isHeadless(service: Service): boolean {
  return service.spec?.clusterIP === 'None';
}

function addresses(zone: Zone, name: string, type: string, ips: readonly string[]): ZoneAnswer {
  return type === 'A' || type === 'ANY' ? found(ips.map((ip) => address(name, ip))) : noData(zone.domain);
}

/** Clients take the first address: each answer begins with another. */
function shuffled(ips: readonly string[], random: Random): string[] {
  const start = Math.floor(random.next() * ips.length);
  return [...ips.slice(start), ...ips.slice(0, start)];
}
