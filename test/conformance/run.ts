// npm run conformance: the upstream suite against a cluster that it brings up, or against --kubeconfig.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildConformanceImages, readNames } from './images.ts';
import { runSuite, type SpecResult } from './suite.ts';

const usage = `usage: npm run conformance -- [options]
  --focus REGEX      only tests whose name matches
  --skip REGEX       not these
  --passing          only those in test/conformance/passing.txt
  --slice K/N        every Nth test, beginning with the Kth (CI takes another K each day)
  --workers N        processes at once (default 4)
  --attempts N       how often a failing test is tried (default 1)
  --nodes N          nodes of the cluster it brings up (default 2)
  --kubeconfig FILE  an existing cluster; its nodes must have the images
  --keep             leave the cluster and the logs
  --record           add what passed to passing.txt
  --list             print the names and end`;

const here = import.meta.dirname;
const root = join(here, '../..');
const passingFile = join(here, 'passing.txt');

main().catch((error: Error) => {
  console.error(`conformance: ${error.message}`);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      focus: { type: 'string' },
      skip: { type: 'string' },
      passing: { type: 'boolean' },
      slice: { type: 'string' },
      workers: { type: 'string', default: '4' },
      attempts: { type: 'string', default: '1' },
      nodes: { type: 'string', default: '2' },
      kubeconfig: { type: 'string' },
      keep: { type: 'boolean' },
      record: { type: 'boolean' },
      list: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (options.help) return console.log(usage);
  const passing = new Set(existsSync(passingFile) ? readNames(passingFile) : []);
  const names = select(options, passing);
  if (options.list) return console.log(names.join('\n'));
  if (!names.length) throw new Error('no test matches');

  const peers = process.env['PEERS_DIR'] ?? join(homedir(), '.cache/zeroplane/peers');
  execFileSync(
    'bash',
    [join(root, 'peers/build.sh'), 'conformance.test', 'kubectl', 'agnhost', 'etcd', 'nnp', 'sample-apiserver'],
    { stdio: 'inherit' },
  );
  const folder = mkdtempSync(join(tmpdir(), 'zeroplane-conformance-'));
  const cluster = options.kubeconfig ? undefined : bringUp(folder, options.nodes, peers);
  let results: SpecResult[];
  try {
    const begun = Date.now();
    results = await runSuite(names, {
      binary: join(peers, 'conformance.test'),
      kubeconfig: options.kubeconfig ?? join(folder, 'kubeconfig'),
      folder,
      workers: Number(options.workers),
      attempts: Number(options.attempts),
      known: passing,
      onResult: (r) =>
        console.log(
          `${r.state.padEnd(7)} ${r.seconds.toFixed(1).padStart(6)} s  ${r.name}${r.failure ? `\n          ${r.failure}` : ''}`,
        ),
    });
    console.log(`took ${Math.round((Date.now() - begun) / 1000)} s; logs in ${folder}`);
  } finally {
    if (cluster && !options.keep) cluster.down();
  }
  report(results, passing, Boolean(options.record));
  if (!options.keep && results.every((r) => r.state === 'passed')) rmSync(folder, { recursive: true, force: true });
}

function select(
  options: { focus?: string; skip?: string; passing?: boolean; slice?: string },
  passing: Set<string>,
): string[] {
  const focus = options.focus ? new RegExp(options.focus) : undefined;
  const skip = options.skip ? new RegExp(options.skip) : undefined;
  const [k, n] = (options.slice ?? '1/1').split('/').map(Number);
  if (!k || !n || k > n) throw new Error('--slice takes K/N with 1 ≤ K ≤ N');
  return readNames(join(here, 'all.txt'))
    .filter((name) => !options.passing || passing.has(name))
    .filter((name) => (!focus || focus.test(name)) && !skip?.test(name))
    .filter((_, index) => index % n === k - 1);
}

function bringUp(folder: string, nodes: string, peers: string): { down(): void } {
  const name = `conformance-${process.pid}`;
  const kubeconfig = join(folder, 'kubeconfig');
  const zeroplane = (...args: string[]) =>
    execFileSync(process.execPath, [join(root, 'dist/zeroplane.js'), ...args], {
      stdio: 'inherit',
      env: { ...process.env, KUBECONFIG: kubeconfig },
    });
  const down = () => zeroplane('down', '--name', name, '--state-dir', join(folder, 'state'), '--delete');
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      down();
      process.exit(130);
    });
  const kubernetes = execFileSync('go', ['list', '-m', '-f', '{{.Dir}}', 'k8s.io/kubernetes'], {
    cwd: join(root, 'peers'),
    encoding: 'utf8',
  }).trim();
  const images = buildConformanceImages(
    { peers, kubernetes, cache: join(homedir(), '.cache/zeroplane/images') },
    (image) => console.log(`makes ${image}`),
  );
  try {
    zeroplane('up', '--name', name, '--state-dir', join(folder, 'state'), '--nodes', nodes);
    zeroplane('image', 'load', '--name', name, '--state-dir', join(folder, 'state'), ...images);
  } catch (error) {
    down();
    throw error;
  }
  return { down };
}

function report(results: SpecResult[], passing: Set<string>, record: boolean): void {
  const passed = results.filter((r) => r.state === 'passed').map((r) => r.name);
  const lost = results.filter((r) => r.state !== 'passed' && passing.has(r.name));
  const gained = passed.filter((name) => !passing.has(name));
  if (record && gained.length) writePassing(new Set([...passing, ...gained]));
  for (const { name, attempts } of results.filter((r) => r.attempts > 1))
    console.log(`took ${attempts} attempts: ${name}`);
  for (const result of lost) console.log(`no longer passes: ${result.name}`);
  if (gained.length)
    console.log(
      `${gained.length} pass that passing.txt does not list${record ? ' yet: added' : ' (add them with --record)'}`,
    );
  console.log(`${passed.length} passed, ${results.length - passed.length} failed`);
  if (lost.length) process.exitCode = 1;
}

function writePassing(names: Set<string>): void {
  const header = readFileSync(passingFile, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('#'));
  const ordered = readNames(join(here, 'all.txt')).filter((name) => names.has(name));
  writeFileSync(passingFile, `${[...header, ...ordered].join('\n')}\n`);
}
