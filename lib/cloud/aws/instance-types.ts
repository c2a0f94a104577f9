import {
  type EC2Client,
  type InstanceTypeInfo,
  paginateDescribeInstanceTypeOfferings,
  paginateDescribeInstanceTypes,
} from '@aws-sdk/client-ec2';
import type { CapacityType, InstanceType, Offering } from '../instances.ts';
import { FAMILIES, pricePerHour } from './instance-prices.ts';
import { MAX_PODS, PODS_OF_PREFIX } from './pod-addresses.ts';

const CAPACITY_TYPES: readonly CapacityType[] = ['on-demand', 'spot'];
const MIB = 1024 ** 2;

/** What EC2 sells in these zones, of the families that a price is known of. */
export async function readInstanceTypes(ec2: EC2Client, zones: readonly string[]): Promise<InstanceType[]> {
  const [sold, infos] = await Promise.all([readOfferings(ec2, zones), readInfos(ec2)]);
  return infos.flatMap((info) => {
    const offerings = offeringsOf(info, sold.get(info.InstanceType!) ?? []);
    return offerings.length === 0 ? [] : [instanceTypeOf(info, offerings)];
  });
}

async function readInfos(client: EC2Client): Promise<InstanceTypeInfo[]> {
  const Filters = [
    { Name: 'instance-type', Values: FAMILIES.map((family) => `${family}.*`) },
    { Name: 'bare-metal', Values: ['false'] },
  ];
  const found: InstanceTypeInfo[] = [];
  for await (const page of paginateDescribeInstanceTypes({ client }, { Filters }))
    found.push(...(page.InstanceTypes ?? []));
  return found;
}

/** The zones of each name. A region sells many more elsewhere: it is asked for these zones, and who wants only some names picks them. */
async function readOfferings(client: EC2Client, zones: readonly string[]): Promise<Map<string, string[]>> {
  const Filters = [{ Name: 'location', Values: [...zones] }];
  const found = new Map<string, string[]>();
  const input = { LocationType: 'availability-zone', Filters } as const;
  for await (const page of paginateDescribeInstanceTypeOfferings({ client }, input)) {
    for (const { InstanceType: name, Location: zone } of page.InstanceTypeOfferings ?? []) {
      if (name && zone) found.set(name, [...(found.get(name) ?? []), zone]);
    }
  }
  return found;
}

function offeringsOf({ InstanceType: name, SupportedUsageClasses }: InstanceTypeInfo, zones: string[]): Offering[] {
  const sold = CAPACITY_TYPES.filter((capacityType) => SupportedUsageClasses?.includes(capacityType) ?? true);
  return zones.flatMap((zone) =>
    sold.flatMap((capacityType) => {
      const dollarsPerHour = pricePerHour(name!, capacityType);
      return dollarsPerHour === undefined ? [] : [{ zone, capacityType, dollarsPerHour }];
    }),
  );
}

export function instanceTypeOf(info: InstanceTypeInfo, offerings: readonly Offering[]): InstanceType {
  const arm = info.ProcessorInfo?.SupportedArchitectures?.includes('arm64');
  const gpus = info.GpuInfo?.Gpus?.filter(({ Manufacturer }) => Manufacturer === 'NVIDIA') ?? [];
  return {
    name: info.InstanceType!,
    architecture: arm ? 'arm64' : 'amd64',
    milliCpus: (info.VCpuInfo?.DefaultVCpus ?? 0) * 1000,
    memoryBytes: (info.MemoryInfo?.SizeInMiB ?? 0) * MIB,
    maxPods: maxPods(info.NetworkInfo?.Ipv4AddressesPerInterface ?? 0),
    gpus: gpus.reduce((sum, { Count = 0 }) => sum + Count, 0),
    offerings,
  };
}

/** Each address of an interface but its first may be a prefix instead. */
function maxPods(addresses: number): number {
  return Math.min(MAX_PODS, prefixesFor(MAX_PODS, addresses) * PODS_OF_PREFIX);
}

/** So many prefixes give so many pods their addresses, as far as the interface has room. */
export function prefixesFor(pods: number, addresses = Number.POSITIVE_INFINITY): number {
  return Math.max(1, Math.min(Math.ceil(pods / PODS_OF_PREFIX), addresses - 1));
}
