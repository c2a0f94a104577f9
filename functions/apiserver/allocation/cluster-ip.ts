import { internalError } from '../../../lib/api/status.ts';
import type { Service, ServiceCIDR } from '../../../lib/api/types.ts';
import type { Random } from '../../../lib/runtime/random.ts';
import { storageKey } from '../reader.ts';
import { type Bands, draw } from './band.ts';
import { type Cidr, tryParseCidr } from './ip.ts';
import { IP_ADDRESSES } from './ip-address.ts';
import { cause, check } from './ip-families.ts';
import type { Reservations } from './reservations.ts';

/** The service's own cluster IPs; none of a headless or an external one. */
export function clusterIPsOf(service: Service | undefined): string[] {
  const { type, clusterIPs, clusterIP } = service?.spec ?? {};
  if (type === 'ExternalName') return [];
  const addresses = clusterIPs?.length ? clusterIPs : clusterIP ? [clusterIP] : [];
  return addresses[0] === 'None' ? [] : addresses.filter(Boolean);
}

/** Ranges that are open: the cluster's first, those that ServiceCIDR objects added and are not going away. */
export function openRanges(own: Cidr, objects: readonly ServiceCIDR[]): Cidr[] {
  const usable = objects.filter(({ metadata, status }) => {
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    return !metadata?.deletionTimestamp && ready?.status !== 'False';
  });
  const added = usable.flatMap(({ spec }) => spec?.cidrs ?? []).filter((text) => text !== own.text);
  return [own, ...added.flatMap((text) => tryParseCidr(text) ?? [])];
}

/** Fills spec.clusterIP and reserves it; throws when the one asked for cannot be had. */
export async function allocateClusterIP(
  service: Service,
  ranges: readonly Cidr[],
  reserved: Reservations,
  random: Random,
): Promise<void> {
  const spec = service.spec!;
  if (spec.type === 'ExternalName' || spec.clusterIP === 'None') return;
  const asked = clusterIPsOf(service)[0];
  const address = asked ?? (await drawAddress(ranges, reserved, random));
  if (!address)
    throw internalError(`failed to allocate a serviceIP for Service "${service.metadata?.name}": range is full`);
  if (asked) await checkAsked(service, asked, ranges, reserved);
  spec.clusterIP = address;
  spec.clusterIPs = [address];
}

async function checkAsked(service: Service, address: string, ranges: readonly Cidr[], reserved: Reservations) {
  const why = !ranges.some((range) => isUsable(range, range.offsetOf(address)))
    ? 'the provided network does not match the current range'
    : (await reserved.isFree(addressKey(address)))
      ? undefined
      : 'provided IP is already allocated';
  if (!why) return;
  const value = service.spec!.clusterIPs?.length ? service.spec!.clusterIPs : [address];
  check(service, [cause('spec.clusterIPs', value, `failed to allocate IP ${address}: ${why}`)]);
}

export function addressKey(address: string): string {
  return storageKey(IP_ADDRESSES, address);
}

async function drawAddress(ranges: readonly Cidr[], reserved: Reservations, random: Random) {
  for (const range of ranges) {
    const offset = await draw(bandsOf(range), random, (candidate) => reserved.isFree(addressKey(range.at(candidate))));
    if (offset !== undefined) return range.at(offset);
  }
  return undefined;
}

/** Not the network's nor the broadcast address. */
function isUsable({ size }: Cidr, offset: number | undefined): boolean {
  return offset !== undefined && offset > 0 && offset < size - 1;
}

/** min(max(16, size/16), 256) addresses are kept for requests (KEP-3070). */
function bandsOf({ size }: Cidr): Bands {
  const reserved = size < 64 ? 0 : Math.min(Math.max(16, Math.floor(size / 16)), 256);
  return { from: 1, upper: Math.min(1 + reserved, size - 1), to: size - 1 };
}
