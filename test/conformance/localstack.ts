/**
 * `npm run conformance:localstack`: tests of the upstream suite that need no node, on a cluster that is deployed to LocalStack: each request goes
 * through API Gateway, a function and DynamoDB; watches go through `zeroplane tunnel`, as LocalStack does not stream. There is no Node.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { awsEnvironmentOf, deploy } from '../../localstack/deploy.ts';
import { answers, startLocalStack } from '../../localstack/server.ts';
import { readNames } from './images.ts';
import { runSuite, type SpecResult } from './suite.ts';

const usage = `usage: npm run conformance:localstack -- [options]
  --focus REGEX   those of all.txt whose name matches, instead of those in test/conformance/localstack.txt
  --workers N     processes at once (default 2)
  --attempts N    how often a failing test is tried (default 1)
  --port N        LocalStack's port; one that answers there is used, with the cluster that --name names
  --name NAME     the cluster (default conformance)
  --record        write what passed into localstack.txt`;

const here = import.meta.dirname;
const root = join(here, '../..');
const listed = join(here, 'localstack.txt');
const peers = process.env['PEERS_DIR'] ?? join(homedir(), '.cache/zeroplane/peers');
const TUNNEL_SAYS = /^context /m;

const { values: options } = parseArgs({
  options: {
    focus: { type: 'string' },
    workers: { type: 'string', default: '2' },
    attempts: { type: 'string', default: '1' },
    port: { type: 'string', default: '4790' },
    name: { type: 'string', default: 'conformance' },
    record: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
});

if (options.help) console.log(usage);
else await main();

async function main(): Promise<void> {
  const { focus, port, name } = options;
  const matches = focus ? new RegExp(focus) : undefined;
  const names = matches ? readNames(join(here, 'all.txt')).filter((test) => matches.test(test)) : readNames(listed);
  if (names.length === 0) throw new Error('no test matches');
  execFileSync('bash', [join(root, 'peers/build.sh'), 'conformance.test'], { stdio: 'inherit' });
  const stop = await cluster(Number(port), name);
  const folder = mkdtempSync(join(tmpdir(), 'zeroplane-conformance-'));
  try {
    const tunnel = await openTunnel(Number(port), name, join(folder, 'kubeconfig'));
    const results = await run(names, folder).finally(() => tunnel.kill());
    report(results, folder);
  } finally {
    await stop();
  }
}

/** What ends it again. */
async function cluster(port: number, name: string): Promise<() => Promise<void>> {
  if (await answers(`http://localhost:${port}`)) return async () => undefined;
  const localstack = await startLocalStack(port);
  try {
    await deploy({ port, name });
  } catch (error) {
    await localstack.stop();
    throw error;
  }
  return () => localstack.stop();
}

async function openTunnel(port: number, name: string, kubeconfig: string) {
  const tunnel = spawn(process.execPath, [join(root, 'dist/zeroplane.js'), 'tunnel', '--aws', name], {
    env: { ...process.env, ...awsEnvironmentOf(port), KUBECONFIG: kubeconfig },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  const opened = new Promise<void>((resolve) => {
    tunnel.stdout.on('data', (chunk) => {
      said += chunk;
      if (TUNNEL_SAYS.test(said)) resolve();
    });
  });
  const ended = once(tunnel, 'exit').then(() => Promise.reject(new Error('the tunnel ended')));
  ended.catch(() => undefined);
  await Promise.race([opened, ended]);
  return tunnel;
}

async function run(names: readonly string[], folder: string): Promise<SpecResult[]> {
  const begun = performance.now();
  const results = await runSuite(names, {
    binary: join(peers, 'conformance.test'),
    kubeconfig: join(folder, 'kubeconfig'),
    folder,
    workers: Number(options.workers),
    attempts: Number(options.attempts),
    // A request takes its time here: results come while one waits.
    chunk: 6,
    // Else the suite looks for nodes that take pods, and does not begin without one.
    args: ['--num-nodes=0'],
    onResult: ({ state, seconds, name, failure }) =>
      console.log(
        `${state.padEnd(7)} ${seconds.toFixed(1).padStart(6)} s  ${name}${failure ? `\n          ${failure}` : ''}`,
      ),
  });
  console.log(`took ${Math.round((performance.now() - begun) / 1000)} s; logs in ${folder}`);
  return results;
}

function report(results: readonly SpecResult[], folder: string): void {
  const passed = results.filter(({ state }) => state === 'passed').map(({ name }) => name);
  console.log(`${passed.length} passed, ${results.length - passed.length} failed`);
  if (options.record) record(new Set([...readNames(listed), ...passed]));
  if (passed.length === results.length) rmSync(folder, { recursive: true, force: true });
  else process.exitCode = 1;
}

function record(names: ReadonlySet<string>): void {
  const header = readFileSync(listed, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('#'));
  const ordered = readNames(join(here, 'all.txt')).filter((name) => names.has(name));
  writeFileSync(listed, `${[...header, ...ordered].join('\n')}\n`);
}
