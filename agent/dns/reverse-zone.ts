import type { Answer } from 'dns-packet';
import { found, noData, noName, TTL_SECONDS, type ZoneAnswer } from './answer.ts';
import type { Zone } from './cluster-zone.ts';

export interface Range {
  base: number;
  mask: number;
}

/** `10.96.0.0/16` */
export function range(cidr: string): Range {
  const [ip = '', bits = '32'] = cidr.split('/');
  const mask = Number(bits) === 0 ? 0 : (-1 << (32 - Number(bits))) >>> 0;
  return { base: (number(ip) & mask) >>> 0, mask };
}

function number(ip: string): number {
  return ip.split('.').reduce((total, octet) => total * 256 + Number(octet), 0);
}

/** `4.3.2.1.in-addr.arpa` → 1.2.3.4 */
export function reversedAddress(name: string): string | undefined {
  const octets = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(name)?.slice(1).reverse();
  return octets?.every((octet) => Number(octet) < 256) ? octets.join('.') : undefined;
}

/** The names of a cluster address; undefined when the address is none of the cluster's, and so is for others to say. */
export function answerReverse(
  zone: Zone,
  ranges: readonly Range[],
  name: string,
  type: string,
): ZoneAnswer | undefined {
  const ip = reversedAddress(name);
  if (!ip || !ranges.some(({ base, mask }) => (number(ip) & mask) >>> 0 === base)) return undefined;
  const names = namesOf(zone, ip);
  if (names.length === 0) return noName(zone.domain);
  if (type !== 'PTR') return noData(zone.domain);
  return found(names.map((data): Answer => ({ type: 'PTR', name, ttl: TTL_SECONDS, class: 'IN', data })));
}

function namesOf({ records, domain }: Zone, ip: string): string[] {
  const services = records.servicesOf(ip).map(({ metadata }) => `${metadata?.name}.${metadata?.namespace}`);
  const endpoints = records.endpointsAt(ip).map((e) => `${e.hostname}.${e.service}.${e.namespace}`);
  return [...(services.length > 0 ? services : endpoints)].map((name) => `${name}.svc.${domain}`);
}
