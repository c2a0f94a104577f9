import { readdirSync, readFileSync } from 'node:fs';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetQueueUrlCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { deployed, eventually, Kubectl, sdkOptions } from './deployed.ts';

/** Functions start, catch up and write; the machine may be busy. */
jest.setTimeout(300_000);

const FOR_MS = 120_000;
const REPLICAS = 4;
const cluster = deployed();
const lambda = new LambdaClient(sdkOptions(cluster));
const sqs = new SQSClient({ ...sdkOptions(cluster), useQueueUrlAsEndpoint: false });
let kubectl: Kubectl;

beforeAll(async () => {
  kubectl = await Kubectl.of(cluster);
});
afterAll(() => {
  kubectl.close();
  lambda.destroy();
  sqs.destroy();
});

let sequence = 0;
const change = (pk: string, sk: string) => ({
  eventSource: 'aws:dynamodb',
  dynamodb: { Keys: { pk: { S: pk }, sk: { S: sk } }, SequenceNumber: String(++sequence) },
});

async function invoke(part: string, records: unknown[]): Promise<any> {
  const Payload = JSON.stringify({ Records: records });
  const answer = await lambda.send(new InvokeCommand({ FunctionName: `${cluster.name}-${part}`, Payload }));
  return JSON.parse(new TextDecoder().decode(answer.Payload));
}

async function queueUrl(name: string): Promise<string> {
  return (await sqs.send(new GetQueueUrlCommand({ QueueName: `${cluster.name}-${name}` }))).QueueUrl!;
}

const deployment = (namespace: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace },
  spec: {
    replicas: REPLICAS,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
});

/** Nothing is made twice: one set, whose pods are as many as it was told. */
async function expectWhole(namespace: string): Promise<void> {
  const { items: sets } = await kubectl.json('get', 'replicasets', '--namespace', namespace);
  expect(sets.map(({ status }: any) => status.replicas)).toEqual([REPLICAS]);
  const { items: pods } = await kubectl.json('get', 'pods', '--namespace', namespace);
  expect(pods).toHaveLength(REPLICAS);
}

async function inNamespace(name: string, run: () => Promise<void>): Promise<void> {
  await kubectl.run('create', 'namespace', name);
  try {
    await run();
  } finally {
    await kubectl.run('delete', 'namespace', name, '--wait=false');
  }
}

test('records redelivered, reordered and handled at once make nothing twice', async () => {
  await inNamespace('redelivered', async () => {
    await kubectl.apply(deployment('redelivered'));
    const records = [
      change('deployments.apps', 'redelivered/web'),
      change('replicasets.apps', 'redelivered/web'),
      change('pods', 'redelivered/web'),
    ];
    const batches = [records, [...records].reverse(), records.slice(1), records, [records[2]!, records[0]!]];
    const answers = await Promise.all(batches.map((batch) => invoke('controllers', batch)));
    expect(answers).toEqual(batches.map(() => ({ batchItemFailures: [] })));
    await eventually(() => expectWhole('redelivered'), FOR_MS);
    await Promise.all(batches.map((batch) => invoke('controllers', batch)));
    await expectWhole('redelivered');
  });
});

test('a poisoned record ends among the dead letters, and what came with it is handled', async () => {
  await inNamespace('poisoned', async () => {
    await kubectl.apply(deployment('poisoned'));
    const poison = { eventSource: 'aws:dynamodb', dynamodb: { Keys: {}, SequenceNumber: 'poison' } };
    const records = [change('pods', 'poisoned/a'), poison, change('deployments.apps', 'poisoned/web')];
    expect(await invoke('controllers', records)).toEqual({ batchItemFailures: [] });
    const QueueUrl = await queueUrl('controllers-dead-letters');
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }));
    expect(Messages.map(({ Body = '' }) => JSON.parse(Body))).toEqual([poison]);
    await eventually(() => expectWhole('poisoned'), FOR_MS);
  });
});

test('a function stopped between invocations and resumed does no harm', async () => {
  await inNamespace('stopped', async () => {
    const processes = processesOf(`${cluster.name}-controllers`);
    expect(processes.length).toBeGreaterThan(0);
    for (const pid of processes) process.kill(pid, 'SIGSTOP');
    try {
      await kubectl.apply(deployment('stopped'));
      await kubectl.run('get', 'pods', '--namespace', 'stopped');
    } finally {
      for (const pid of processes) process.kill(pid, 'SIGCONT');
    }
    await eventually(() => expectWhole('stopped'), FOR_MS);
    await kubectl.run('scale', 'deployment', 'web', '--namespace', 'stopped', '--replicas', '1');
    await eventually(async () => {
      const { items } = await kubectl.json('get', 'pods', '--namespace', 'stopped');
      expect(items).toHaveLength(1);
    }, FOR_MS);
  });
});

/** LocalStack runs functions as processes of this machine. */
function processesOf(functionName: string): number[] {
  const has = (pid: string) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      const ours = environment.some(
        (entry) => entry.startsWith('AWS_ENDPOINT_URL=') && entry.includes(`:${cluster.port}`),
      );
      return ours && environment.includes(`AWS_LAMBDA_FUNCTION_NAME=${functionName}`);
    } catch {
      return false; // it has ended meanwhile
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter(has)
    .map(Number);
}
