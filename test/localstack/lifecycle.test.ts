import { readFileSync } from 'node:fs';
import {
  CloudWatchLogsClient,
  paginateDescribeLogGroups,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { sealedIn } from '../../bin/commands/secrets/sealed-in.ts';
import { openAwsStore } from '../../bin/compose/aws-store.ts';
import { systemClock } from '../../lib/runtime/clock.ts';
import { systemRandom } from '../../lib/runtime/random.ts';
import { apiEndpoint, deploy, destroy } from '../../localstack/deploy.ts';
import { deployed, eventually, Kubectl, sdkOptions } from './deployed.ts';
import { inventory } from './inventory.ts';
import { allowMachines } from './machines.ts';

const MINUTE_MS = 60_000;
const cluster = deployed();
const own = { port: cluster.port, name: 'passing' };
/** `npm run test:idle` watches for five minutes. */
const idleMs = 1000 * Number(process.env['IDLE_SECONDS'] ?? 40);
/** What a deployment or another suite set going comes to rest. */
const MAX_SETTLE_MS = 5 * MINUTE_MS;
const QUIET_MS = 10_000;

jest.setTimeout(10 * MINUTE_MS + idleMs);

interface Activity {
  invocations: number;
  /** By name of the operation; the polling of streams is another service's. */
  dynamodb: Record<string, number>;
}

async function activity(): Promise<Activity> {
  const client = new CloudWatchLogsClient(sdkOptions(cluster));
  let invocations = 0;
  for await (const { logGroups = [] } of paginateDescribeLogGroups({ client }, {}))
    for (const { logGroupName } of logGroups) invocations += await begun(client, logGroupName!);
  const dynamodb: Record<string, number> = {};
  for (const [, operation] of readFileSync(cluster.logFile, 'utf8').matchAll(/AWS dynamodb\.(\w+) => /g))
    dynamodb[operation!] = (dynamodb[operation!] ?? 0) + 1;
  return { invocations, dynamodb };
}

async function begun(client: CloudWatchLogsClient, logGroupName: string): Promise<number> {
  let count = 0;
  for await (const { events = [] } of paginateFilterLogEvents({ client }, { logGroupName }))
    count += events.filter(({ message }) => message?.startsWith('START RequestId')).length;
  return count;
}

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function atRest(): Promise<Activity> {
  const end = Date.now() + MAX_SETTLE_MS;
  for (let last = await activity(); ; ) {
    await after(QUIET_MS);
    const now = await activity();
    if (JSON.stringify(now) === JSON.stringify(last)) return now;
    if (Date.now() > end) throw new Error(`no rest after ${MAX_SETTLE_MS} ms: ${JSON.stringify(now)}`);
    last = now;
  }
}

describe('a cluster comes and goes', () => {
  let before: string[];
  beforeAll(async () => {
    before = await inventory(cluster);
    await deploy(own);
    // Nobody plays the machines that its pods would be given.
    await allowMachines({ ...cluster, ...own, server: await apiEndpoint(own) }, false);
  });

  test('it stands beside another of the same account', async () => {
    const kubectl = await Kubectl.of({ ...cluster, ...own, server: await apiEndpoint(own) });
    await kubectl.run('create', 'configmap', 'mine');
    await kubectl.run('create', 'secret', 'generic', 'mine', '--from-literal=a=b');
    await kubectl.run('create', 'deployment', 'mine', '--image=none');
    const other = await Kubectl.of(cluster);
    const { stderr } = await other.attempt(['get', 'configmap', 'mine']);
    expect(stderr).toContain('NotFound');
    kubectl.close();
    other.close();
  });

  describe('deployed again it has lost nothing', () => {
    let kubectl: Kubectl;
    beforeAll(async () => {
      kubectl = await Kubectl.of({ ...cluster, ...own, server: await apiEndpoint(own) });
    });
    afterAll(() => kubectl.close());

    const opens = async (...names: string[]) => {
      for (const name of names) expect((await kubectl.json('get', 'secret', name)).data).toEqual({ a: 'Yg==' });
    };
    const ring = async () => {
      const Name = `/zeroplane/${own.name}/secrets`;
      const { Parameter } = await new SSMClient(sdkOptions(cluster)).send(
        new GetParameterCommand({ Name, WithDecryption: true }),
      );
      return JSON.parse(Parameter!.Value!).keys;
    };

    const sealed = async () => {
      const client = new DynamoDBClient(sdkOptions(cluster));
      const platform = { clock: systemClock, random: systemRandom };
      const environment = { tablePrefix: own.name, awsEndpoint: sdkOptions(cluster).endpoint };
      const store = openAwsStore(environment, platform, client);
      const { objects } = await sealedIn(store);
      await store.close();
      return objects;
    };

    test('with other functions, new keys and a key of KMS', async () => {
      await deploy({ ...own, context: { keyRotation: '2', kmsKey: 'true', xray: 'true' } });
      await kubectl.run('get', 'configmap', 'mine');
      await opens('mine');
      await kubectl.run('scale', 'deployment', 'mine', '--replicas=2');
      await eventually(async () => {
        expect((await kubectl.json('get', 'pods', '-l', 'app=mine')).items).toHaveLength(2);
      });
      expect(await ring()).toEqual([
        { name: 'key2', kms: expect.stringMatching(/^arn:aws:kms:/), since: expect.any(Number) },
        { name: 'key1', secret: expect.any(String), since: expect.any(Number) },
      ]);
    });

    test('with that key retired, which opens what it has sealed', async () => {
      await kubectl.run('create', 'secret', 'generic', 'later', '--from-literal=a=b');
      expect(Object.fromEntries(await sealed())).toEqual({ key1: 1, key2: 1 });
      await deploy({ ...own, context: { keyRotation: '2', kmsKey: 'retired' } });
      await opens('mine', 'later');
      expect((await ring()).map((key: object) => 'kms' in key)).toEqual([false, true, false]);
      await kubectl.run('delete', 'deployment', 'mine');
      await eventually(async () => {
        expect((await kubectl.json('get', 'pods')).items).toEqual([]);
      });
    });
  });

  test('idle and without nodes it invokes nothing and asks DynamoDB for nothing', async () => {
    const start = await atRest();
    expect(start.invocations).toBeGreaterThan(0);
    expect(start.dynamodb['TransactWriteItems']).toBeGreaterThan(0);
    await after(idleMs);
    expect(await activity()).toEqual(start);
  });

  test('destroyed it leaves nothing', async () => {
    expect((await inventory(cluster)).length).toBeGreaterThan(before.length + 20);
    await destroy(own);
    expect(await inventory(cluster)).toEqual(before);
  });
});
