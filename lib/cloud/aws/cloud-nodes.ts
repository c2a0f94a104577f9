import { DescribeInstancesCommand, type EC2Client, EC2ServiceException, type Instance } from '@aws-sdk/client-ec2';
import type { Node } from '../../api/types.ts';
import type { NodeQueues } from './node-queue.ts';

export interface AwsInstance {
  addresses: string[];
  shutdown: boolean;
}

/** The instance that a node is; undefined: there is none, or it has ended for good. */
export function nodeInstances(ec2: EC2Client): (node: Node) => Promise<AwsInstance | undefined> {
  return (node) => instanceOf(ec2, node);
}

/** Instances and queues of nodes, as the controllers ask for them. */
export function awsCloudNodes(ec2: EC2Client, queues: NodeQueues) {
  return {
    instance: nodeInstances(ec2),
    ensureQueue: queues.ensure,
    removeQueue: queues.remove,
    queues: queues.list,
  };
}

const ENDED = ['terminated', 'shutting-down'];
const STOPPED = ['stopping', 'stopped'];

/** Undefined: there is none, or it has ended for good. A node that names no instance has none. */
async function instanceOf(ec2: EC2Client, node: Node): Promise<AwsInstance | undefined> {
  const id = instanceId(node);
  if (!id) return undefined;
  const instance = await describe(ec2, id);
  const state = instance?.State?.Name ?? 'terminated';
  if (!instance || ENDED.includes(state)) return undefined;
  const addresses = [instance.PrivateIpAddress, instance.PublicIpAddress];
  return { addresses: addresses.filter((address) => address !== undefined), shutdown: STOPPED.includes(state) };
}

/** `aws:///ZONE/i-…`. A node may name another's instance there: its own name says who it is. */
function instanceId({ metadata, spec }: Node): string | undefined {
  const id = /^aws:\/\/\/[^/]+\/(i-[0-9a-f]+)$/.exec(spec?.providerID ?? '')?.[1];
  return id === metadata?.name ? id : undefined;
}

async function describe(ec2: EC2Client, id: string): Promise<Instance | undefined> {
  try {
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    return Reservations?.[0]?.Instances?.[0];
  } catch (error) {
    if (error instanceof EC2ServiceException && error.name === 'InvalidInstanceID.NotFound') return undefined;
    throw error;
  }
}
