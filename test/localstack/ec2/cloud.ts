import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateSubnetCommand,
  CreateVpcCommand,
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { userData } from '../../../lib/stacks/user-data.ts';
import { type LocalStack, startLocalStack } from '../../../localstack/server.ts';
import { freePort } from '../../free-port.ts';
import { type PlayedEc2, playEc2 } from './ec2.ts';
import { type LocalControlPlane, localControlPlane } from './local-control-plane.ts';
import { createNodeRole } from './node-role.ts';

export interface Cloud {
  plane: LocalControlPlane;
  ec2: PlayedEc2;
  /** Runs an instance with the user data of the stacks; its id, which is its node's name. */
  launch(): Promise<string>;
  terminate(instanceId: string): Promise<void>;
  close(): Promise<void>;
}

export interface CloudOptions {
  cluster: string;
  node: string;
  /** In place of the stacks' 160: a test cannot wait so long for a node to count as dead. */
  leaseDurationSeconds: number;
}

const VPC_CIDR = '10.0.0.0/16';
const SUBNET_CIDR = '10.0.0.0/20';
const SERVICE_CIDR = '10.96.0.0/16';
const REGION = 'us-east-1';
const BUCKET = 'assets';

/** LocalStack, a control plane in the shape of AWS's in this process, and instances that become nodes. */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const { cluster, node, leaseDurationSeconds } = options;
  const port = await freePort();
  const localstack = await startLocalStack(port);
  const nodeRole = `arn:aws:iam::000000000000:role/${cluster}-node`;
  const plane = await localControlPlane({ port, cluster, nodeRole, log: () => undefined });
  const rewrite = (text: string) =>
    text.replace(/"leaseDurationSeconds": \d+/, `"leaseDurationSeconds": ${leaseDurationSeconds}`);
  const played = await playEc2({ port, vpcCIDR: VPC_CIDR, node, rewrite });
  const gateway = await plane.listen(played.router);
  await createNodeRole(localstack.endpoint, `${cluster}-node`);
  await uploadAgent(localstack);
  const ec2 = new EC2Client({
    endpoint: localstack.endpoint,
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const subnet = await createSubnet(ec2);
  const script = userData({
    cluster,
    version: '0.1.0',
    region: REGION,
    endpoint: `http://${played.router}:${gateway}`,
    certificateAuthority: plane.authority.certificate,
    serviceCIDR: SERVICE_CIDR,
    bundle: { bucket: BUCKET, key: 'agent.zip' },
  });
  const run = new RunInstancesCommand({
    ImageId: 'ami-12345678',
    InstanceType: 't3.small',
    MinCount: 1,
    MaxCount: 1,
    SubnetId: subnet,
    UserData: Buffer.from(script).toString('base64'),
    IamInstanceProfile: { Name: `${cluster}-node` },
  });
  return {
    plane,
    ec2: played,
    async launch() {
      const { Instances } = await ec2.send(run);
      return Instances![0]!.InstanceId!;
    },
    async terminate(instanceId) {
      await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
    },
    async close() {
      await played.close();
      await plane.stop();
      await localstack.stop();
    },
  };
}

/** As the assets of the stacks lie in their bucket. */
async function uploadAgent({ endpoint }: LocalStack): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'zeroplane-agent-'));
  const archive = join(folder, 'agent.zip');
  execFileSync('node', ['scripts/build-agent.ts']);
  execFileSync('python3', ['-m', 'zipfile', '-c', archive, 'agent.js', 'data', 'package.json'], { cwd: 'dist/agent' });
  for (const [path, body] of [
    ['', undefined],
    ['/agent.zip', readFileSync(archive)],
  ] as const) {
    const { ok } = await fetch(`${endpoint}/${BUCKET}${path}`, { method: 'PUT', ...(body && { body }) });
    if (!ok) throw new Error(`S3 takes no ${path || 'bucket'}`);
  }
  rmSync(folder, { recursive: true });
}

async function createSubnet(ec2: EC2Client): Promise<string> {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: VPC_CIDR }));
  const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId: Vpc!.VpcId, CidrBlock: SUBNET_CIDR }));
  return Subnet!.SubnetId!;
}
