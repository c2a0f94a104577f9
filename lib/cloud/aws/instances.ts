import {
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  type EC2Client,
  type Instance as EC2Instance,
  EC2ServiceException,
  paginateDescribeInstances,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { Clock } from '../../runtime/clock.ts';
import { type Instance, type Instances, type InstanceType, type LaunchRequest, NoCapacity } from '../instances.ts';
import { prefixesFor, readInstanceTypes } from './instance-types.ts';
import { CLAIM_TAG, CLUSTER_TAG, POOL_TAG, ROLE_TAG } from './tags.ts';

export interface InstancesOptions {
  ec2: EC2Client;
  clock: Clock;
  /** The stack's name: what it made carries it as a tag. */
  cluster: string;
  /** The name of the launch template for an architecture, as EC2 calls it. */
  launchTemplate(architecture: 'arm64' | 'x86-64'): string;
}

/** What is sold changes seldom. */
const TYPES_MS = 3_600_000;
const ALIVE = ['pending', 'running'];

/** What EC2 says when it has none of a machine, or no more of it for this account. Source: "Error codes for the Amazon EC2 API". */
const NO_CAPACITY = new Set([
  'InsufficientInstanceCapacity',
  'InsufficientHostCapacity',
  'InsufficientReservedInstanceCapacity',
  'InsufficientFreeAddressesInSubnet',
  'MaxSpotInstanceCountExceeded',
  'SpotMaxPriceTooLow',
  'UnfulfillableCapacity',
  'Unsupported',
  'VcpuLimitExceeded',
]);

/** EC2 instances as nodes: from the stack's launch templates, in its subnets. */
export function awsInstances(options: InstancesOptions): Instances {
  const { ec2, clock, cluster } = options;
  let place: Promise<Place> | undefined;
  let known: { atMs: number; types: Promise<InstanceType[]> } | undefined;
  const placeOf = () => {
    place ??= readPlace(ec2, cluster).catch((error) => {
      place = undefined;
      throw error;
    });
    return place;
  };
  return {
    async types() {
      if (!known || clock.now() - known.atMs > TYPES_MS) {
        const types = placeOf().then(({ subnets }) => readInstanceTypes(ec2, [...subnets.keys()]));
        known = { atMs: clock.now(), types };
        types.catch(() => {
          known = undefined;
        });
      }
      return known.types;
    },
    launch: async (request) => launch(request, await placeOf(), options),
    get: (id) => get(ec2, id),
    async list() {
      const found: Instance[] = [];
      const Filters = [
        { Name: `tag:${CLUSTER_TAG}`, Values: [cluster] },
        { Name: 'tag-key', Values: [CLAIM_TAG] },
        { Name: 'instance-state-name', Values: ALIVE },
      ];
      for await (const { Reservations = [] } of paginateDescribeInstances({ client: ec2 }, { Filters })) {
        found.push(...Reservations.flatMap(({ Instances = [] }) => Instances.map(toInstance)));
      }
      return found;
    },
    async terminate(id) {
      await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] })).catch(unlessGone);
    },
  };
}

/** Where nodes live. */
export interface Place {
  /** By zone. */
  subnets: ReadonlyMap<string, string>;
  securityGroup: string;
}

/** The nodes' security group carries the cluster's tag; its network may be one that was there before. */
export async function readPlace(ec2: EC2Client, cluster: string): Promise<Place> {
  const Filters = [{ Name: `tag:${CLUSTER_TAG}`, Values: [cluster] }];
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
  const [group] = SecurityGroups.filter(({ Tags }) =>
    Tags?.some(({ Key, Value }) => Key === ROLE_TAG && Value === 'node'),
  );
  if (!group?.VpcId)
    throw new Error(`the security group of ${cluster}'s nodes is not there: is the workers stack deployed?`);
  const inVpc = [{ Name: 'vpc-id', Values: [group.VpcId] }];
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ Filters: inVpc }));
  // Without a NAT gateway only these lead out.
  const open = Subnets.filter(({ MapPublicIpOnLaunch }) => MapPublicIpOnLaunch);
  const usable = open.length > 0 ? open : Subnets;
  return {
    subnets: new Map(usable.map(({ AvailabilityZone, SubnetId }) => [AvailabilityZone!, SubnetId!])),
    securityGroup: group.GroupId!,
  };
}

async function launch(request: LaunchRequest, place: Place, options: InstancesOptions): Promise<Instance> {
  try {
    const { Instances = [] } = await options.ec2.send(new RunInstancesCommand(runInput(request, place, options)));
    return toInstance(Instances[0]!);
  } catch (error) {
    if (error instanceof EC2ServiceException && NO_CAPACITY.has(error.name)) throw new NoCapacity(error.message);
    throw error;
  }
}

export function runInput(
  { token, nodeClaim, nodePool, instanceType, architecture, zone, capacityType, maxPods }: LaunchRequest,
  { subnets, securityGroup }: Place,
  { cluster, launchTemplate }: Pick<InstancesOptions, 'cluster' | 'launchTemplate'>,
): RunInstancesCommandInput {
  // The template has the first two as well: whether tags of both are put together is nothing to rely on, and without ours none could be ended.
  const Tags = [
    { Key: 'Name', Value: `${cluster}-node` },
    { Key: CLUSTER_TAG, Value: cluster },
    { Key: CLAIM_TAG, Value: nodeClaim },
    { Key: POOL_TAG, Value: nodePool },
  ];
  return {
    ClientToken: token,
    MinCount: 1,
    MaxCount: 1,
    LaunchTemplate: {
      LaunchTemplateName: launchTemplate(architecture === 'arm64' ? 'arm64' : 'x86-64'),
      Version: '$Latest',
    },
    InstanceType: instanceType as never,
    ...(capacityType === 'spot' && {
      InstanceMarketOptions: { MarketType: 'spot', SpotOptions: { InstanceInterruptionBehavior: 'terminate' } },
    }),
    // As the template's, with as many prefixes as the machine has pods for.
    NetworkInterfaces: [
      {
        DeviceIndex: 0,
        SubnetId: subnets.get(zone),
        Groups: [securityGroup],
        AssociatePublicIpAddress: true,
        Ipv4PrefixCount: prefixesFor(maxPods),
        DeleteOnTermination: true,
      },
    ],
    TagSpecifications: [{ ResourceType: 'instance', Tags }],
  };
}

async function get(ec2: EC2Client, id: string): Promise<Instance | undefined> {
  try {
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    const found = Reservations?.[0]?.Instances?.[0];
    return found && toInstance(found);
  } catch (error) {
    unlessGone(error);
    return undefined;
  }
}

function toInstance({ InstanceId, State, Tags }: EC2Instance): Instance {
  const nodeClaim = Tags?.find(({ Key }) => Key === CLAIM_TAG)?.Value;
  return { id: InstanceId!, alive: ALIVE.includes(State?.Name ?? ''), nodeClaim };
}

function unlessGone(error: unknown): void {
  if (!(error instanceof EC2ServiceException) || error.name !== 'InvalidInstanceID.NotFound') throw error;
}
