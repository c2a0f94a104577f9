import type { InstanceTypeInfo } from '@aws-sdk/client-ec2';
import { FAMILIES, pricePerHour } from '../../../lib/cloud/aws/instance-prices.ts';
import { instanceTypeOf, prefixesFor } from '../../../lib/cloud/aws/instance-types.ts';
import { runInput } from '../../../lib/cloud/aws/instances.ts';
import type { LaunchRequest } from '../../../lib/cloud/instances.ts';

describe('prices', () => {
  test.each([
    ['t3.micro', 0.0104],
    ['t3.medium', 0.0416],
    ['m7g.large', 0.0816],
    ['c6i.xlarge', 0.17],
    ['r8g.4xlarge', 0.94256],
    ['m6a.48xlarge', 8.2944],
  ])('%s costs %d dollars an hour', (name, dollars) => {
    expect(pricePerHour(name, 'on-demand')).toBeCloseTo(dollars, 6);
  });

  test('spot is cheaper', () => {
    expect(pricePerHour('m7g.large', 'spot')!).toBeLessThan(pricePerHour('m7g.large', 'on-demand')!);
  });

  test.each(['m7i-flex.large', 'x2gd.large', 'm6i.metal', 'm7i.metal-24xl', ''])('of %s none is known', (name) => {
    expect(pricePerHour(name, 'on-demand')).toBeUndefined();
  });

  test('every family that is asked for has one', () => {
    for (const family of FAMILIES) expect(pricePerHour(`${family}.large`, 'on-demand')).toBeGreaterThan(0);
  });
});

describe('pods by prefixes', () => {
  test.each([
    [1, 1],
    [13, 1],
    [14, 2],
    [110, 9],
  ])('%d pods need %d', (pods, prefixes) => {
    expect(prefixesFor(pods)).toBe(prefixes);
  });

  test('an interface holds as many as it has addresses, but for its own', () => {
    expect(prefixesFor(110, 6)).toBe(5);
    expect(prefixesFor(110, 2)).toBe(1);
  });
});

describe('a type as EC2 describes it', () => {
  const info = (more: Partial<InstanceTypeInfo> = {}): InstanceTypeInfo => ({
    InstanceType: 't3.medium',
    ProcessorInfo: { SupportedArchitectures: ['x86_64'] },
    VCpuInfo: { DefaultVCpus: 2 },
    MemoryInfo: { SizeInMiB: 4096 },
    NetworkInfo: { Ipv4AddressesPerInterface: 6 },
    ...more,
  });

  test('has cores, memory and addresses for pods', () => {
    expect(instanceTypeOf(info(), [])).toEqual({
      name: 't3.medium',
      architecture: 'amd64',
      milliCpus: 2000,
      memoryBytes: 4 * 1024 ** 3,
      maxPods: 65,
      gpus: 0,
      offerings: [],
    });
  });

  test('gives a launch as many prefixes as its pods were counted for', () => {
    for (const addresses of [2, 4, 6, 10, 15, 30, 50]) {
      const { maxPods } = instanceTypeOf(info({ NetworkInfo: { Ipv4AddressesPerInterface: addresses } }), []);
      expect(prefixesFor(maxPods)).toBeLessThanOrEqual(addresses - 1);
      expect(prefixesFor(maxPods) * 13).toBeGreaterThanOrEqual(maxPods);
      expect(maxPods).toBeLessThanOrEqual(110);
    }
  });

  test('may be Arm, and have GPUs, of which those of NVIDIA count', () => {
    const Gpus = [
      { Manufacturer: 'NVIDIA', Count: 4 },
      { Manufacturer: 'AMD', Count: 1 },
    ];
    const ProcessorInfo = { SupportedArchitectures: ['arm64' as const] };
    expect(instanceTypeOf(info({ ProcessorInfo, GpuInfo: { Gpus } }), [])).toMatchObject({
      architecture: 'arm64',
      gpus: 4,
    });
  });
});

describe('a launch', () => {
  const request: LaunchRequest = {
    token: 'uid',
    nodeClaim: 'default-1',
    nodePool: 'default',
    instanceType: 'm7g.large',
    architecture: 'arm64',
    zone: 'r-1b',
    capacityType: 'on-demand',
    maxPods: 110,
  };
  const place = {
    subnets: new Map([
      ['r-1a', 'subnet-a'],
      ['r-1b', 'subnet-b'],
    ]),
    securityGroup: 'sg-1',
  };
  const options = { cluster: 'c', launchTemplate: (architecture: string) => `c-${architecture}` };
  const input = (more: Partial<LaunchRequest> = {}) => runInput({ ...request, ...more }, place, options);

  test('is one machine of the template for its architecture, once for its claim', () => {
    expect(input()).toMatchObject({
      ClientToken: 'uid',
      MinCount: 1,
      MaxCount: 1,
      InstanceType: 'm7g.large',
      LaunchTemplate: { LaunchTemplateName: 'c-arm64', Version: '$Latest' },
    });
    expect(input({ architecture: 'amd64' }).LaunchTemplate).toMatchObject({ LaunchTemplateName: 'c-x86-64' });
  });

  test('is in the subnet of its zone, among the nodes, with prefixes for its pods', () => {
    const { NetworkInterfaces, SubnetId, SecurityGroupIds } = input();
    expect(NetworkInterfaces).toEqual([
      expect.objectContaining({ DeviceIndex: 0, SubnetId: 'subnet-b', Groups: ['sg-1'], Ipv4PrefixCount: 9 }),
    ]);
    // EC2 refuses them beside interfaces.
    expect([SubnetId, SecurityGroupIds]).toEqual([undefined, undefined]);
  });

  test('says whose it is: only what carries the cluster’s tag may be ended', () => {
    const [{ ResourceType, Tags } = {}] = input().TagSpecifications!;
    expect(ResourceType).toBe('instance');
    expect(Object.fromEntries(Tags!.map(({ Key, Value }) => [Key, Value]))).toEqual({
      Name: 'c-node',
      'zeroplane.dev/cluster': 'c',
      'zeroplane.dev/nodeclaim': 'default-1',
      'zeroplane.dev/nodepool': 'default',
    });
  });

  test('asks for spot where its claim does', () => {
    expect(input().InstanceMarketOptions).toBeUndefined();
    expect(input({ capacityType: 'spot' }).InstanceMarketOptions).toMatchObject({ MarketType: 'spot' });
  });
});
