import type { Service, ServiceCIDR } from '../../../lib/api/types.ts';
import { type Clock, timestamp } from '../../../lib/runtime/clock.ts';
import type { Random } from '../../../lib/runtime/random.ts';
import type { Item, Store, Write } from '../../../lib/storage/contract.ts';
import type { CompanionChange } from '../contract.ts';
import { encodeObject } from '../encode.ts';
import { decodeItem, type Reader } from '../reader.ts';
import { addressKey, allocateClusterIP, clusterIPsOf, openRanges } from './cluster-ip.ts';
import { parseCidr } from './ip.ts';
import { ipAddressObject } from './ip-address.ts';
import { fillIpFamilies } from './ip-families.ts';
import { allocateNodePorts, nodePortsOf, portKey } from './node-port.ts';
import { type Reservations, reservations } from './reservations.ts';

export interface ServiceAllocationOptions {
  store: Store;
  reader: Reader;
  serviceCIDR: string;
  clock: Clock;
  random: Random;
}

/**
 * Gives a Service its cluster IP and node ports. What it holds is reserved by entries written in the Service's own commit,
 * and given back in the commit that ends its use: a key that is taken meanwhile fails the commit, and the caller tries again.
 */
export function serviceAllocation(options: ServiceAllocationOptions): (change: CompanionChange) => Promise<Write[]> {
  const { store, reader, clock, random } = options;
  const own = parseCidr(options.serviceCIDR);
  /** What was asked for, so that a second attempt after a lost race draws anew instead of asking for what was drawn. */
  const asked = new WeakMap<object, object>();

  return async ({ operation, object, old }) => {
    const reserved = reservations(store);
    const before = operation === 'delete' ? object : old;
    const after: Service | undefined = operation === 'delete' ? undefined : object;
    if (after) {
      asked.set(object, asked.get(object) ?? structuredClone(object.spec));
      object.spec = structuredClone(asked.get(object));
      fillIpFamilies(after, old);
      const heldIPs = clusterIPsOf(before);
      if (!keepsAddress(after, heldIPs)) {
        const ranges = openRanges(own, await reader.list<ServiceCIDR>('servicecidrs.networking.k8s.io'));
        await allocateClusterIP(after, ranges, reserved, random);
      }
      await allocateNodePorts(after, { held: nodePortsOf(before), taken: new Set(), reserved, random });
    }
    await reserve(before, after, reserved, () => ({ uid: random.uuid(), creationTimestamp: timestamp(clock) }));
    return reserved.writes();
  };
}

/** The first cluster IP cannot change while there is one. */
function keepsAddress(service: Service, held: readonly string[]): boolean {
  return held.length > 0 && held[0] === clusterIPsOf(service)[0];
}

/** The difference between what the service held and what it is to hold. */
async function reserve(
  before: Service | undefined,
  after: Service | undefined,
  reserved: Reservations,
  birth: () => object,
): Promise<void> {
  const { namespace, name } = (after ?? before)!.metadata as { namespace: string; name: string };
  const oldIPs = clusterIPsOf(before);
  const newIPs = clusterIPsOf(after);
  for (const address of newIPs.filter((ip) => !oldIPs.includes(ip))) {
    const object = ipAddressObject(address, { namespace, name });
    const metadata = { ...object.metadata, ...birth() };
    reserved.take(addressKey(address), (revision) => encodeObject({ ...object, metadata }, revision));
  }
  const isOwnAddress = (item: Item) => isParent(decodeItem(item), namespace, name);
  for (const address of oldIPs.filter((ip) => !newIPs.includes(ip)))
    await reserved.giveBack(addressKey(address), isOwnAddress);
  await reservePorts(nodePortsOf(before), nodePortsOf(after), `${namespace}/${name}`, reserved);
}

async function reservePorts(held: Set<number>, wanted: Set<number>, owner: string, reserved: Reservations) {
  const value = Buffer.from(JSON.stringify({ service: owner }));
  for (const port of wanted) if (!held.has(port)) reserved.take(portKey(port), () => value);
  const isOwn = (item: Item) => decodePort(item).service === owner;
  for (const port of held) if (!wanted.has(port)) await reserved.giveBack(portKey(port), isOwn);
}

function isParent(address: any, namespace: string, name: string): boolean {
  const { resource, namespace: in_, name: called } = address.spec?.parentRef ?? {};
  return resource === 'services' && in_ === namespace && called === name;
}

function decodePort(item: Item): { service?: string } {
  return decodeItem(item) as { service?: string };
}
