/**
 * `npm run bench:functions`: how large each function's bundle is, and how long a cold one takes in LocalStack's process executor from the
 * start of the process until it is ready, beside a function that only imports the SDK's client for DynamoDB.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { build } from 'esbuild';
import { bundleFunction, functionNames } from '../../scripts/bundle-function.ts';

const root = join(import.meta.dirname, '../..');
const ROUNDS = 11;
const REFERENCE = 'SDK client alone';
const KIB = 1024;

const ENVIRONMENT = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  AWS_LAMBDA_FUNCTION_NAME: 'bench',
  ZEROPLANE_CLUSTER: 'c',
  ZEROPLANE_TABLE_PREFIX: 'c',
  ZEROPLANE_KEYS: '/zeroplane/c/',
  ZEROPLANE_SERVICE_CIDR: '10.96.0.0/16',
  ZEROPLANE_VERSION: '0.0.0',
};

const folder = mkdtempSync(join(tmpdir(), 'zeroplane-bench-functions-'));
try {
  await reference(join(folder, REFERENCE));
  for (const name of functionNames()) await bundleFunction(name, folder);
  console.log(
    '| function | zipped | of it the source map | cold, median of 11 | best |\n| --- | --- | --- | --- | --- |',
  );
  for (const name of [REFERENCE, ...functionNames()]) console.log(await row(name));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function row(name: string): Promise<string> {
  const [all, maps] = [zippedBytes(name, /./), zippedBytes(name, /\.map$/)];
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) times.push(await coldMs(join(folder, name)));
  times.sort((a, b) => a - b);
  const kib = (bytes: number) => `${Math.round(bytes / KIB)} KiB`;
  return `| ${name} | ${kib(all)} | ${kib(maps)} | ${Math.round(times[ROUNDS >> 1]!)} ms | ${Math.round(times[0]!)} ms |`;
}

function zippedBytes(name: string, files: RegExp): number {
  const found = readdirSync(join(folder, name), { recursive: true, encoding: 'utf8' }).filter((file) =>
    files.test(file),
  );
  const paths = found.map((file) => join(folder, name, file)).filter((path) => statSync(path).isFile());
  return paths.reduce((sum, path) => sum + deflateRawSync(readFileSync(path), { level: 9 }).byteLength, 0);
}

async function reference(into: string): Promise<void> {
  mkdirSync(into, { recursive: true });
  const source = join(into, 'source.mjs');
  writeFileSync(
    source,
    `import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
const client = new DynamoDBClient({});
export const handler = (Key) => client.send(new GetItemCommand({ TableName: 't', Key }));`,
  );
  await build({
    entryPoints: [source],
    outfile: join(into, 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    mainFields: ['module', 'main'],
    nodePaths: [join(root, 'node_modules')],
    logLevel: 'warning',
  });
  rmSync(source);
}

/** From the start of the process until it says that it is ready. */
async function coldMs(taskRoot: string): Promise<number> {
  let ready: () => void = () => undefined;
  const isReady = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const endpoint = await listen((path) => path.startsWith('/status/') && path.endsWith('/ready') && ready());
  const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`;
  const begun = performance.now();
  const child = spawn(process.execPath, [join(root, 'localstack/lambda-runtime.mjs')], {
    stdio: 'ignore',
    env: {
      ...process.env,
      ...ENVIRONMENT,
      AWS_ENDPOINT_URL: url,
      LAMBDA_TASK_ROOT: taskRoot,
      LAMBDA_PROCESS_PORT: '0',
      LOCALSTACK_RUNTIME_ENDPOINT: url,
      LOCALSTACK_RUNTIME_ID: 'bench',
      _HANDLER: 'index.handler',
    },
  });
  await isReady;
  const ms = performance.now() - begun;
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  endpoint.closeAllConnections();
  endpoint.close();
  return ms;
}

/** Takes what the process says. What it asks of AWS meanwhile stays without an answer. */
function listen(heard: (path: string) => void): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer((request, response) => {
      if (!request.url?.startsWith('/status/')) return;
      heard(request.url);
      response.end();
    }).listen(0, '127.0.0.1', () => resolve(server));
  });
}
