/** The virtual node over ECS's own calls. moto answers them and runs nothing: what becomes of a task is played. */

import { setTimeout as sleep } from 'node:timers/promises';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { CreateSecurityGroupCommand, DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  CreateClusterCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTaskDefinitionsCommand,
  ListTasksCommand,
} from '@aws-sdk/client-ecs';
import { withVirtualNode } from '../../functions/capacity/fargate/backend.ts';
import { createFargate } from '../../functions/capacity/fargate/fargate.ts';
import { recordedTask } from '../../functions/capacity/fargate/recorded-task.ts';
import type { PodSpec } from '../../lib/api/types.ts';
import { namespaces, pods, secrets } from '../../lib/client/resource-type.ts';
import { describeTasks } from '../../lib/cloud/aws/describe-tasks.ts';
import { fargateTasks } from '../../lib/cloud/aws/fargate-tasks.ts';
import { readPlace } from '../../lib/cloud/aws/instances.ts';
import { taskLogs } from '../../lib/cloud/aws/task-logs.ts';
import type { TaskSpec } from '../../lib/cloud/tasks.ts';
import { type Moto, motoLacks, startMoto } from '../../localstack/moto/server.ts';
import { freePort } from '../free-port.ts';
import { simulate } from '../simulation/control-plane.ts';

jest.setTimeout(600_000);

const lack = motoLacks();
if (lack && process.env['CI'] === 'true') throw new Error(lack);
if (lack) console.warn(`left out: ${lack}`);

/** Of the network, which all clusters share. */
const NETWORK = 'moto';
const LOG_GROUP = '/zeroplane/moto/fargate';
const REF = { namespace: 'default', name: 'p' };
const SPEC: TaskSpec = {
  cpuUnits: 256,
  memoryMiB: 512,
  architecture: 'amd64',
  volumes: [],
  containers: [
    { name: 'c', image: 'i', essential: true, environment: new Map(), ports: [], mounts: [], dependsOn: [] },
  ],
};
const ATTEMPTS = 300;
const STEP_MS = 20;
let moto: Moto;
let aws: ReturnType<typeof clients>;

function clients(endpoint: string) {
  const config = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
  return { ecs: new ECSClient(config), ec2: new EC2Client(config), logs: new CloudWatchLogsClient(config) };
}

(lack ? describe.skip : describe)('Fargate', () => {
  beforeAll(async () => {
    moto = await startMoto(Number(process.env['MOTO_PORT'] ?? (await freePort())));
    aws = clients(moto.endpoint);
    await aws.logs.send(new CreateLogGroupCommand({ logGroupName: LOG_GROUP }));
    const { Vpcs } = await aws.ec2.send(new DescribeVpcsCommand());
    const Tags = [
      { Key: 'zeroplane.dev/cluster', Value: NETWORK },
      { Key: 'zeroplane.dev/role', Value: 'node' },
    ];
    await aws.ec2.send(
      new CreateSecurityGroupCommand({
        GroupName: 'nodes',
        Description: 'nodes',
        VpcId: Vpcs![0]!.VpcId,
        TagSpecifications: [{ ResourceType: 'security-group', Tags }],
      }),
    );
  });

  afterAll(() => moto?.stop());

  let simulation: Awaited<ReturnType<typeof start>>;
  /** Each test has its own: uids repeat from one to the next. */
  let cluster = 'a';
  beforeEach(async () => {
    cluster += 'a';
    await aws.ecs.send(new CreateClusterCommand({ clusterName: cluster }));
    simulation = await start();
  });
  afterEach(() => simulation.stop());

  async function start() {
    const place = async () => {
      const { subnets, securityGroup } = await readPlace(aws.ec2, NETWORK);
      return { subnets: [...subnets.values()], securityGroup };
    };
    const executionRoleArn = 'arn:aws:iam::123456789012:role/execution';
    const common = { cluster, region: 'us-east-1', logGroup: LOG_GROUP, publicIp: true };
    const tasks = fargateTasks({ ...common, ecs: aws.ecs, executionRoleArn, place });
    const started = await simulate({
      scheduler: true,
      controllers: (dependencies) => [createFargate(dependencies, { tasks, version: 'v1.37.0' })],
    });
    await started.client.create(namespaces, { metadata: { name: 'kube-system' } });
    return { ...started, tasks };
  }

  async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = await look();
      if (found) return found;
      await simulation.pass(1000);
      await sleep(STEP_MS);
    }
    throw new Error(`in vain: ${look}; ${JSON.stringify(simulation.errors.map(({ error }) => String(error)))}`);
  }

  const create = (spec: Partial<PodSpec> = {}) =>
    simulation.client.create(pods, {
      metadata: REF,
      spec: {
        containers: [{ name: 'c', image: 'busybox' }],
        tolerations: [{ key: 'zeroplane.dev/fargate', operator: 'Exists' }],
        ...spec,
      },
    });
  const now = () => Math.floor(simulation.clock.now() / 1000);
  const podOf = () => simulation.client.get(pods, REF);
  const taskOf = async (attempt = 0) => {
    const task = recordedTask(await podOf());
    return task?.attempt === attempt ? task.id : undefined;
  };
  const phase = (wanted: string) => until(async () => (await podOf()).status?.phase === wanted);
  const running = (runtimeId: string) => ({
    lastStatus: 'RUNNING',
    startedAt: now(),
    containers: { c: { lastStatus: 'RUNNING', runtimeId } },
  });
  const stopped = (exitCode: number) => ({
    lastStatus: 'STOPPED',
    stoppedAt: now(),
    containers: { c: { lastStatus: 'STOPPED', exitCode } },
  });
  const gone = async () => (await simulation.client.list(pods, { namespace: 'default' })).items.length === 0;

  async function remove(): Promise<void> {
    const task = recordedTask(await podOf())?.id;
    await simulation.client.delete(pods, REF);
    await until(async () => {
      const [found] = await describeTasks(aws.ecs, cluster, [task!]);
      return found?.state === 'stopping' || found?.state === 'stopped';
    });
    await moto.play({ task: task!, ...stopped(143) });
    await until(gone);
  }

  test('a pod runs as a task of its size, with its environment, its address, its states and its exit code', async () => {
    await simulation.client.create(secrets, { metadata: { namespace: 'default', name: 's' }, stringData: { k: 'v' } });
    const env = [
      { name: 'WHO', value: 'you' },
      { name: 'S', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
    ];
    const resources = { requests: { cpu: '300m', memory: '1100Mi' } };
    const container = { name: 'c', image: 'busybox', command: ['echo'], args: ['$(WHO)'], env, resources };
    await create({ restartPolicy: 'Never', containers: [container] });
    const task = await until(() => taskOf());
    const { tasks } = await aws.ecs.send(new DescribeTasksCommand({ cluster, tasks: [task], include: ['TAGS'] }));
    expect(tasks![0]).toMatchObject({ launchType: 'FARGATE', startedBy: (await podOf()).metadata.uid });
    expect(tasks![0]!.tags).toContainEqual({ key: 'zeroplane.dev/pod', value: 'p' });
    const taskDefinition = tasks![0]!.taskDefinitionArn;
    const described = await aws.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
    expect(described.taskDefinition).toMatchObject({ cpu: '512', memory: '2048', networkMode: 'awsvpc' });
    expect(described.taskDefinition!.containerDefinitions![0]).toMatchObject({
      entryPoint: ['echo'],
      command: ['you'],
      environment: [
        { name: 'WHO', value: 'you' },
        { name: 'S', value: 'v' },
      ],
    });
    await moto.play({ task, ...running('r-0') });
    await phase('Running');
    const details = tasks![0]!.attachments![0]!.details!;
    expect((await podOf()).status!.podIP).toBe(details.find(({ name }) => name === 'privateIPv4Address')!.value);
    await moto.play({ task, ...stopped(7) });
    await phase('Failed');
    const [status] = (await podOf()).status!.containerStatuses!;
    expect(status).toMatchObject({
      containerID: 'containerd://r-0',
      state: { terminated: { exitCode: 7, reason: 'Error' } },
    });
    await simulation.client.delete(pods, REF);
    await until(gone);
  });

  test('a pod that restarts gets another task; deleted, it stops, and nothing is kept', async () => {
    await create();
    const first = await until(() => taskOf(0));
    await moto.play({ task: first, ...running('r-1') });
    await phase('Running');
    await moto.play({ task: first, ...stopped(1) });
    const second = await until(() => taskOf(1));
    await moto.play({ task: second, ...running('r-2') });
    await until(async () => (await podOf()).status!.containerStatuses![0]!.state!.running);
    expect((await podOf()).status!.containerStatuses![0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 1 } },
    });
    const familyPrefix = `${cluster}-${(await podOf()).metadata.uid}`;
    const kept = async () =>
      (await aws.ecs.send(new ListTaskDefinitionsCommand({ familyPrefix, status: 'ACTIVE' }))).taskDefinitionArns!;
    expect(await kept()).toHaveLength(2);
    await remove();
    await until(async () => (await kept()).length === 0);
  });

  test('a start whose answer is lost gives one task', async () => {
    let lost = 2;
    const lose = (next: any) => async (args: any) => {
      const answer = await next(args);
      if (lost-- > 0) throw new Error('the connection was reset');
      return answer;
    };
    aws.ecs.middlewareStack.add((next, context) => (context.commandName === 'RunTaskCommand' ? lose(next) : next), {
      step: 'initialize',
      name: 'lose',
    });
    try {
      const { metadata } = await create();
      await until(() => taskOf());
      const { taskArns } = await aws.ecs.send(new ListTasksCommand({ cluster, startedBy: metadata.uid }));
      expect(taskArns).toHaveLength(1);
      expect(lost).toBeLessThan(2);
      const [known] = await simulation.tasks.ofPod(metadata.uid);
      const again = { owner: known!.owner, spec: SPEC, capacityType: 'on-demand' } as const;
      expect((await simulation.tasks.run(again)).id).toBe(known!.id);
    } finally {
      aws.ecs.middlewareStack.remove('lose');
    }
    await remove();
  });

  test('logs come from CloudWatch', async () => {
    const logStreamName = 'uid/c/task';
    await aws.logs.send(new CreateLogStreamCommand({ logGroupName: LOG_GROUP, logStreamName }));
    const logEvents = ['one', 'two', 'three'].map((message, i) => ({ message, timestamp: Date.now() - 1000 + i }));
    await aws.logs.send(new PutLogEventsCommand({ logGroupName: LOG_GROUP, logStreamName, logEvents }));
    const source = { logs: taskLogs(aws.logs, LOG_GROUP), alive: async () => false, clock: simulation.clock };
    const backend = withVirtualNode({ send: async () => new Response() }, async () => source);
    const log = async (query: string) => {
      const url = new URL(`virtual://fargate/containerLogs/default/p/c?uid=uid${query}`);
      return (await backend.send({ url, signal: new AbortController().signal })).text();
    };
    expect(await log('')).toBe('one\ntwo\nthree\n');
    expect(await log('&tailLines=2')).toBe('two\nthree\n');
  });
});
