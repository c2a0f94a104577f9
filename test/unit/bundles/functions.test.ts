import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { bundleFunction, functionNames } from '../../../scripts/bundle-function.ts';

jest.setTimeout(120_000);

/** What each function asks of AWS. A client that is not named here costs its start for nothing. */
const CLIENTS: Record<string, string[]> = {
  // Logs of Fargate's tasks, and KMS: loaded when somebody asks for some, and where the ring names a key of it.
  apiserver: ['cloudwatch-logs', 'dynamodb', 'ecs', 'kms', 'lambda', 'ssm'],
  controllers: ['dynamodb', 'ec2', 'ecs', 'kms', 'lambda', 'sqs', 'ssm'],
  dispatcher: ['dynamodb', 'sqs'],
  keys: ['kms', 'ssm'],
  scheduler: ['dynamodb', 'kms', 'lambda', 'sqs', 'ssm'],
  vpc: [],
};
const MAX_APISERVER_BYTES = 1.5 * (1 << 20);

let folder: string;
const clients = new Map<string, string[]>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'zeroplane-functions-'));
  for (const name of functionNames()) {
    const { outputs } = await bundleFunction(name, folder);
    clients.set(name, clientsOf(Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs))));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Their commands and serializers are what a client is; the SDK's own nested ones for signing in are no client of ours. */
function clientsOf(inputs: string[]): string[] {
  const found = inputs.flatMap((input) => /^node_modules\/@aws-sdk\/client-([\w-]+)\//.exec(input)?.[1] ?? []);
  return [...new Set(found)].sort();
}

function zippedBytes(name: string): number {
  const files = readdirSync(join(folder, name), { recursive: true, encoding: 'utf8' });
  const paths = files.map((file) => join(folder, name, file)).filter((path) => statSync(path).isFile());
  return paths.reduce((sum, path) => sum + deflateRawSync(readFileSync(path), { level: 9 }).byteLength, 0);
}

test('every function has its line in the table', () => {
  expect(functionNames().sort()).toEqual(Object.keys(CLIENTS).sort());
});

test.each(Object.keys(CLIENTS))('%s holds the clients that it uses and no other', (name) => {
  expect(clients.get(name)).toEqual(CLIENTS[name]);
});

test('the apiserver is small, its source map included', () => {
  expect(zippedBytes('apiserver')).toBeLessThanOrEqual(MAX_APISERVER_BYTES);
});

test.each(Object.keys(CLIENTS))('%s loads, and exports its handler', (name) => {
  const env = {
    PATH: process.env['PATH'],
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'none',
    AWS_SECRET_ACCESS_KEY: 'none',
    // Nobody answers there.
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    ZEROPLANE_CLUSTER: 'c',
    ZEROPLANE_TABLE_PREFIX: 'c',
    ZEROPLANE_KEYS: '/zeroplane/c/',
    ZEROPLANE_SERVICE_CIDR: '10.96.0.0/16',
    ZEROPLANE_VERSION: '0.0.0',
  };
  const script = `console.log(typeof require(${JSON.stringify(join(folder, name, 'index.js'))}).handler); process.exit()`;
  expect(execFileSync(process.execPath, ['-e', script], { env, encoding: 'utf8' }).trim()).toBe('function');
});
