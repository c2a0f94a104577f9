/** The controllers, woken by the stream of objects and by themselves. */
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { Context } from 'aws-lambda';
import { openAwsApiserver } from '../../bin/compose/aws-apiserver.ts';
import { awsFunction } from '../../bin/compose/aws-function.ts';
import { createClient } from '../../lib/client/create-client.ts';
import { inProcess, serviceAccountUser } from '../../lib/client/in-process.ts';
import { awsEnvironment } from '../../lib/cloud/aws/environment.ts';
import type { FunctionEvent } from '../../lib/cloud/aws/function-events.ts';
import { KEYS } from '../../lib/cloud/aws/key-parameters.ts';
import { nodeQueues } from '../../lib/cloud/aws/node-queue.ts';
import { ssmParameters } from '../../lib/cloud/aws/parameters.ts';
import type { Instances } from '../../lib/cloud/instances.ts';
import type { Tasks } from '../../lib/cloud/tasks.ts';
import type { KeyPair } from '../../lib/pki/certificate.ts';
import { awake } from '../../lib/runtime/awake.ts';
import { systemClock as clock } from '../../lib/runtime/clock.ts';
import { lineLog } from '../../lib/runtime/log.ts';
import { once } from '../../lib/runtime/once.ts';
import { systemRandom as random } from '../../lib/runtime/random.ts';
import { gitVersion } from '../../lib/runtime/version.ts';
import { createCapacity } from '../capacity/capacity.ts';
import { createFargate } from '../capacity/fargate/fargate.ts';
import { heedTask, isTaskNotice, type TaskNotice } from '../capacity/fargate/task-notice.ts';
import { heed, type InstanceNotice, isInstanceNotice } from '../capacity/interruption.ts';
import type { CloudNodes } from './dependencies.ts';
import { createControllers } from './index.ts';

const log = lineLog((line) => process.stdout.write(line), clock);

/** Read when something is to be signed. */
const authority = once(async (): Promise<KeyPair> => {
  const { keysPath } = awsEnvironment(process.env);
  const found = await ssmParameters(new SSMClient({}), keysPath).read([KEYS.authority]);
  return JSON.parse(found.get(KEYS.authority)!);
});

/** EC2's client is a quarter of what the bundle takes to load, and only a silent node needs it. */
const instances = once(async () => {
  const [{ EC2Client }, { nodeInstances }] = await Promise.all([
    import('../../lib/cloud/aws/ec2-client.ts'),
    import('../../lib/cloud/aws/cloud-nodes.ts'),
  ]);
  return nodeInstances(new EC2Client({}));
});

function cloud(): CloudNodes {
  const { cluster, nodeRole = '' } = awsEnvironment(process.env);
  // A queue's URL names the region's endpoint; where another is configured, that counts.
  const queues = nodeQueues({ sqs: new SQSClient({ useQueueUrlAsEndpoint: false }), cluster, instanceRole: nodeRole });
  return {
    instance: async (node) => (await instances())(node),
    ensureQueue: queues.ensure,
    removeQueue: queues.remove,
    queues: queues.list,
  };
}

/** The same client, for machines: an idle cluster without pending pods never loads it. */
const machines = once(async () => {
  const [{ EC2Client }, { awsInstances }] = await Promise.all([
    import('../../lib/cloud/aws/ec2-client.ts'),
    import('../../lib/cloud/aws/instances.ts'),
  ]);
  const { cluster } = awsEnvironment(process.env);
  const launchTemplate = (architecture: string) => `${cluster}-${architecture}`;
  return awsInstances({ ec2: new EC2Client({}), clock, cluster, launchTemplate });
});

const lateMachines: Instances = {
  types: async () => (await machines()).types(),
  launch: async (request) => (await machines()).launch(request),
  get: async (id) => (await machines()).get(id),
  list: async () => (await machines()).list(),
  terminate: async (id) => (await machines()).terminate(id),
};

/** Set where the stacks have a virtual node: ECS's client is loaded when there is a pod on it. */
const fargateRole = process.env['ZEROPLANE_FARGATE_ROLE'];
/** EventBridge tells when a task ends; this is for a notice that was lost. */
const FARGATE_LOOK_MS = 300_000;

const fargate = once(async () => {
  const [{ ECSClient }, { EC2Client }, { fargateTasks }, { readPlace }] = await Promise.all([
    import('../../lib/cloud/aws/ecs-client.ts'),
    import('../../lib/cloud/aws/ec2-client.ts'),
    import('../../lib/cloud/aws/fargate-tasks.ts'),
    import('../../lib/cloud/aws/instances.ts'),
  ]);
  const { cluster } = awsEnvironment(process.env);
  const place = once(async () => {
    const { subnets, securityGroup } = await readPlace(new EC2Client({}), cluster);
    return { subnets: [...subnets.values()], securityGroup };
  });
  return fargateTasks({
    ecs: new ECSClient({}),
    cluster,
    region: process.env['AWS_REGION'] ?? '',
    logGroup: `/zeroplane/${cluster}/fargate`,
    executionRoleArn: fargateRole ?? '',
    place,
    publicIp: true,
  });
});

const lateTasks: Tasks = {
  run: async (request) => (await fargate()).run(request),
  describe: async (ids) => (await fargate()).describe(ids),
  ofPod: async (uid) => (await fargate()).ofPod(uid),
  alive: async () => (await fargate()).alive(),
  stop: async (id, reason) => (await fargate()).stop(id, reason),
  forget: async (uid) => (await fargate()).forget(uid),
};

const woken = awsFunction({
  name: 'controllers',
  bundle: __filename,
  env: process.env,
  platform: { clock, random, log },
  controllersOf(caches, clients, { keys }) {
    const dependencies = {
      caches,
      clientFor: clients.controller,
      clock,
      random,
      rootCA: keys.authorityCertificate,
      authority,
      cloud: cloud(),
      followsLog: true,
    };
    const version = gitVersion(awsEnvironment(process.env).version);
    const virtual = { tasks: lateTasks, version, runningMs: FARGATE_LOOK_MS };
    return [
      ...createControllers(dependencies),
      ...createCapacity(dependencies, lateMachines),
      ...(fargateRole ? [createFargate(dependencies, virtual)] : []),
    ];
  },
});

/** What is said of an instance goes into its claim; the stream tells the controllers of that. */
const heedNotice = async (notice: InstanceNotice | TaskNotice) => {
  const { apiserver } = await openAwsApiserver(awsEnvironment(process.env), { clock, random, log });
  const clientOf = (name: string) =>
    createClient(inProcess(apiserver.fetch, serviceAccountUser('kube-system', name)), { userAgent: name });
  if (isTaskNotice(notice)) await heedTask(notice, clientOf('fargate-controller'));
  else await heed(notice, clientOf('capacity-controller'), clock);
};

export const handler = (event: FunctionEvent | InstanceNotice | TaskNotice, context: Context) =>
  isInstanceNotice(event) || isTaskNotice(event) ? awake(() => heedNotice(event)) : woken(event, context);
