import type { Stored } from '../../../lib/api/object.ts';
import type { Service } from '../../../lib/api/types.ts';

/** Addresses that may be given: both ends are. */
export interface AddressRange {
  first: number;
  last: number;
}

/** What a service's status shall say; undefined: it is right, or not ours to say. */
export type AddressPlan = { assign: string } | { free: true } | { exhausted: true } | undefined;

/** The class by which a service asks for this controller by name; services without a class are its too. */
export const CLASS = 'zeroplane.dev/service-lb';

/** `192.168.80.128-192.168.80.254` */
export function parseAddresses(text: string): AddressRange {
  const [first = '', last = first] = text.split('-');
  return { first: toNumber(first), last: toNumber(last) };
}

export function isOurs({ spec }: Service): boolean {
  return spec?.type === 'LoadBalancer' && (spec.loadBalancerClass === undefined || spec.loadBalancerClass === CLASS);
}

/** Each service has an address of its own. Of two that say the same, the elder keeps it. */
export function planAddress(
  service: Stored<Service>,
  all: readonly Stored<Service>[],
  range: AddressRange,
  promised: ReadonlyMap<string, string>,
): AddressPlan {
  const given = addressesOf(service).filter((ip) => isWithin(range, ip));
  if (!isOurs(service) || service.metadata.deletionTimestamp)
    return given.length > 0 && !isOurs(service) ? { free: true } : undefined;
  // Whoever else wrote an address answers for it.
  if (given.length === 0 && (service.status?.loadBalancer?.ingress ?? []).length > 0) return undefined;
  const others = all.filter((other) => other.metadata.uid !== service.metadata.uid && isOurs(other));
  const elder = new Set(others.filter((other) => isElder(other, service)).flatMap(addressesOf));
  const asked = service.spec?.loadBalancerIP;
  const [current] = given;
  if (current && given.length === 1 && !elder.has(current) && (!asked || !isWithin(range, asked) || asked === current))
    return undefined;
  const uids = new Set(all.map(({ metadata }) => metadata.uid));
  const held = [...promised].filter(([uid]) => uid !== service.metadata.uid && uids.has(uid)).map(([, ip]) => ip);
  return choose(range, asked, new Set([...others.flatMap(addressesOf), ...held]));
}

function choose(range: AddressRange, asked: string | undefined, taken: ReadonlySet<string>): AddressPlan {
  if (asked && isWithin(range, asked) && !taken.has(asked)) return { assign: asked };
  for (let address = range.first; address <= range.last; address++) {
    const ip = spelt(address);
    if (!taken.has(ip)) return { assign: ip };
  }
  return { exhausted: true };
}

function addressesOf({ status }: Service): string[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
}

function isElder(a: Stored<Service>, b: Stored<Service>): boolean {
  const [x, y] = [a.metadata, b.metadata];
  return x.creationTimestamp === y.creationTimestamp ? x.uid < y.uid : x.creationTimestamp < y.creationTimestamp;
}

function isWithin({ first, last }: AddressRange, ip: string): boolean {
  const address = toNumber(ip);
  return address >= first && address <= last;
}

function toNumber(ip: string): number {
  return ip.split('.').reduce((total, octet) => total * 256 + Number(octet), 0);
}

function spelt(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
