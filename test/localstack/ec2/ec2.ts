import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeInstanceAttributeCommand,
  DescribeInstancesCommand,
  EC2Client,
  type Instance,
} from '@aws-sdk/client-ec2';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { addressAt, parseCidr } from '../../../lib/cluster/network/cidr.ts';
import { type InstanceRecord, serveInstanceMetadata } from '../../fakes/instance-metadata.ts';
import { boot, MOUNT_POINTS, machineLog } from './machine.ts';
import { machinesFolder, tearDownMachine } from './tear-down.ts';
import { createVpc, type Vpc } from './vpc.ts';

export interface PlayEc2Options {
  /** LocalStack's port at 127.0.0.1. */
  port: number;
  /** Of the VPC that instances are started in. */
  vpcCIDR: string;
  /** The Node.js that instances get. */
  node: string;
  /** Changes user data before it runs: a URL that only AWS could resolve. */
  rewrite(userData: string, router: string): string;
}

export interface PlayedEc2 {
  /** This machine, as instances see it. */
  router: string;
  /** Instances that run. */
  running(): string[];
  /** What an instance's user data and agent said. */
  log(instanceId: string): string;
  /** Where an instance's processes, files and network are. */
  state: string;
  close(): Promise<void>;
}

const REGION = 'us-east-1';
const POLL_MS = 300;
const PREFIX_BITS = 28;
/** Prefixes are taken from the upper half of the VPC, where no subnet is. */
const FIRST_PREFIX_SHARE = 0.5;
const CREDENTIALS_SECONDS = 3600;

/**
 * Plays EC2: for every instance that LocalStack says is running there is a network namespace with instance metadata and a delegated prefix, in which
 * the instance's user data runs; one that is terminated loses its power. All of it goes when this process does, however it ends.
 */
export async function playEc2(options: PlayEc2Options): Promise<PlayedEc2> {
  const state = mkdtempSync(join(tmpdir(), 'zeroplane-ec2-'));
  const guard = tearsDownWithUs(state, options.node);
  const made = MOUNT_POINTS.filter((folder) => !existsSync(folder));
  for (const folder of made) mkdirSync(folder, { recursive: true });
  const vpc = await createVpc(state, options.vpcCIDR, made);
  const machines = new Map<string, InstanceRecord>();
  const metadata = await serveInstanceMetadata(vpc.router, (address) =>
    [...machines.values()].find(({ privateIp }) => privateIp === address),
  );
  await vpc.serveMetadataFrom(metadata.port);
  await vpc.forward(options.port);
  const player = new Player(options, state, vpc, machines);
  const playing = player.run();
  return {
    router: vpc.router,
    state,
    running: () => [...machines.keys()],
    log: (instanceId) => machineLog(state, instanceId),
    async close() {
      player.stop();
      await playing;
      await metadata.close();
      await vpc.close();
      guard.stdin!.end();
      await new Promise((resolve) => (guard.exitCode === null ? guard.once('exit', resolve) : resolve(undefined)));
    },
  };
}

class Player {
  readonly #options: PlayEc2Options;
  readonly #state: string;
  readonly #vpc: Vpc;
  readonly #machines: Map<string, InstanceRecord>;
  readonly #ec2: EC2Client;
  readonly #sts: STSClient;
  #prefixes = 0;
  #stopped = false;

  constructor(options: PlayEc2Options, state: string, vpc: Vpc, machines: Map<string, InstanceRecord>) {
    this.#options = options;
    this.#state = state;
    this.#vpc = vpc;
    this.#machines = machines;
    const client = {
      endpoint: `http://127.0.0.1:${options.port}`,
      region: REGION,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    this.#ec2 = new EC2Client(client);
    this.#sts = new STSClient(client);
  }

  stop(): void {
    this.#stopped = true;
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#once();
      } catch (error) {
        // LocalStack may be about to end.
        if (!this.#stopped) console.error('playing EC2:', error);
      }
      await sleep(POLL_MS);
    }
  }

  async #once(): Promise<void> {
    const { Reservations = [] } = await this.#ec2.send(new DescribeInstancesCommand({}));
    const running = Reservations.flatMap(({ Instances = [] }) => Instances).filter(
      ({ State }) => State?.Name === 'running' || State?.Name === 'pending',
    );
    for (const instance of running) if (!this.#machines.has(instance.InstanceId!)) await this.#start(instance);
    const alive = new Set(running.map(({ InstanceId }) => InstanceId));
    for (const id of [...this.#machines.keys()]) if (!alive.has(id)) await this.#end(id);
  }

  async #start(instance: Instance): Promise<void> {
    const instanceId = instance.InstanceId!;
    mkdirSync(join(machinesFolder(this.#state), instanceId), { recursive: true });
    const prefixes = [this.#nextPrefix()];
    const { mac } = await this.#vpc.connect(instanceId, instance.PrivateIpAddress!, prefixes);
    const userData = this.#options.rewrite(await this.#userData(instanceId), this.#vpc.router);
    this.#machines.set(instanceId, this.#record(instance, mac, prefixes, userData));
    const endpoint = `http://${this.#vpc.router}:${this.#options.port}`;
    const environment = { AWS_ENDPOINT_URL: endpoint };
    boot({ state: this.#state, instanceId, userData, endpoint, node: this.#options.node, environment });
  }

  async #end(instanceId: string): Promise<void> {
    this.#machines.delete(instanceId);
    await tearDownMachine(this.#state, instanceId);
  }

  #nextPrefix(): string {
    const range = parseCidr(this.#options.vpcCIDR);
    const size = 2 ** (32 - PREFIX_BITS);
    const first = 2 ** (32 - range.bits) * FIRST_PREFIX_SHARE;
    return `${addressAt(range, first + size * this.#prefixes++)}/${PREFIX_BITS}`;
  }

  async #userData(InstanceId: string): Promise<string> {
    const asked = new DescribeInstanceAttributeCommand({ InstanceId, Attribute: 'userData' });
    const { UserData } = await this.#ec2.send(asked);
    return Buffer.from(UserData?.Value ?? '', 'base64').toString();
  }

  #record(instance: Instance, mac: string, prefixes: string[], userData: string): InstanceRecord {
    const privateIp = instance.PrivateIpAddress!;
    // The stacks name profile and role alike.
    const profile = instance.IamInstanceProfile?.Arn ?? '';
    const role = profile.slice(profile.lastIndexOf('/') + 1);
    const account = profile.split(':')[4];
    return {
      instanceId: instance.InstanceId!,
      instanceType: instance.InstanceType!,
      architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
      region: REGION,
      zone: instance.Placement?.AvailabilityZone ?? `${REGION}a`,
      privateIp,
      privateDnsName: `ip-${privateIp.replaceAll('.', '-')}.ec2.internal`,
      mac,
      prefixes,
      vpcCIDRs: [this.#options.vpcCIDR],
      lifecycle: instance.InstanceLifecycle === 'spot' ? 'spot' : 'on-demand',
      userData,
      role,
      credentials: () => this.#credentials(`arn:aws:iam::${account}:role/${role}`, instance.InstanceId!),
    };
  }

  async #credentials(RoleArn: string, RoleSessionName: string) {
    const asked = new AssumeRoleCommand({ RoleArn, RoleSessionName, DurationSeconds: CREDENTIALS_SECONDS });
    const { Credentials } = await this.#sts.send(asked);
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials!;
    return {
      AccessKeyId: AccessKeyId!,
      SecretAccessKey: SecretAccessKey!,
      Token: SessionToken!,
      Expiration: Expiration!.toISOString(),
    };
  }
}

/** A process that waits for the end of its input, which comes with the end of this one too. */
function tearsDownWithUs(state: string, node: string): ChildProcess {
  const script = join(process.cwd(), 'test/localstack/ec2/tear-down.ts');
  const guard = spawn('sh', ['-c', 'cat >/dev/null; exec "$@"', 'guard', node, script, state], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  return guard;
}
