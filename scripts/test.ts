// npm test: every suite, in the order in which a failure is cheapest. usage: node scripts/test.ts [STAGE ...]
// Under CI=true a stage or a test that the machine cannot run is a failure; elsewhere it is left out, and said so.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { missingRequirements } from '../localstack/requirements.ts';

interface Counts {
  passed: number;
  failed: number;
  /** The failed tests, named once more where a long log ends. */
  failures?: string[];
}

interface Stage {
  name: string;
  /** What the machine lacks for it, and how to get it. */
  lacks(): string | undefined;
  run(): Counts;
}

const root = join(import.meta.dirname, '..');
// Called without npm, the suites still run on the project's own Node.js.
process.env['PATH'] = `${join(root, 'node_modules/.bin')}:${process.env['PATH']}`;
const ci = process.env['CI'] === 'true';
const peers = process.env['PEERS_DIR'] ?? join(homedir(), '.cache/zeroplane/peers');
const DAY_MS = 86_400_000;
/** CI runs one of so many slices of the tests known to pass, another each day, so that the list stays true. */
const SLICES = 12;

const stages: Stage[] = [
  command('typecheck', ['tsc', '--noEmit']),
  command('lint', ['biome', 'check', '.']),
  jest('unit', ['test/unit', 'test/contract', 'test/simulation']),
  {
    ...jest('integration', ['test/integration', '--runInBand'], 2),
    lacks: () => needsRoot() ?? needsPeers('kubectl', 'helm'),
  },
  {
    ...jest(
      'localstack',
      [
        'test/localstack',
        '--runInBand',
        '--globalSetup=./test/localstack/setup.ts',
        '--globalTeardown=./test/localstack/teardown.ts',
      ],
      2,
    ),
    lacks: () => needsRoot() ?? needsLocalStack() ?? needsPeers('kubectl'),
  },
  ...(ci
    ? [{ ...jest('parity', ['test/parity']), lacks: () => needsPeers('kube-apiserver', 'etcd') }, conformanceSlice()]
    : []),
];

const total = { passed: 0, failed: 0, failures: [] as string[] };
const wanted = process.argv.slice(2);
for (const stage of stages.filter((s) => !wanted.length || wanted.includes(s.name))) {
  const lack = stage.lacks();
  if (lack) {
    console.log(`\n=== ${stage.name}: left out. ${lack}`);
    if (ci) total.failures.push(`${stage.name}: left out`);
    if (ci) total.failed++;
    continue;
  }
  console.log(`\n=== ${stage.name}`);
  const begun = Date.now();
  const { passed, failed, failures = [] } = stage.run();
  console.log(`=== ${stage.name}: ${passed} passed, ${failed} failed in ${Math.round((Date.now() - begun) / 1000)} s`);
  total.passed += passed;
  total.failed += failed;
  total.failures.push(...failures);
}
for (const failure of total.failures) console.log(`failed: ${failure}`);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed ? 1 : 0;

function bin(name: string): string {
  return join(root, 'node_modules/.bin', name);
}

function command(name: string, [program, ...args]: string[]): Stage {
  const run = () => {
    const ok = spawnSync(bin(program!), args, { cwd: root, stdio: 'inherit' }).status === 0;
    return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, failures: ok ? [] : [name] };
  };
  return { name, lacks: () => undefined, run };
}

/** Real clusters share the machine with whatever else it does: a file that fails is run once more by itself, and named if that passes. */
function jest(name: string, args: string[], attempts = 1): Stage {
  const run = () => {
    const paths = args.filter((arg) => arg.startsWith('-') || existsSync(join(root, arg)));
    const first = runJest(paths);
    const again = attempts > 1 && first.failedFiles.length > 0 ? secondTry(name, first, paths) : first;
    const failed = again.failed + first.leftOut;
    const { failures } = again;
    return { passed: first.passed + Math.max(0, first.failed - again.failed), failed, failures };
  };
  return { name, lacks: () => undefined, run };
}

function secondTry(name: string, { failedFiles }: Run, paths: string[]): Run {
  console.log(`=== ${name}: once more: ${failedFiles.join(', ')}`);
  const again = runJest([...failedFiles, ...paths.filter((arg) => arg.startsWith('-'))]);
  const flaky = failedFiles.filter((file) => !again.failedFiles.includes(file));
  if (flaky.length > 0) console.log(`=== ${name}: passed the second time: ${flaky.join(', ')}`);
  return again;
}

function runJest(args: string[]): Run {
  const folder = mkdtempSync(join(tmpdir(), 'zeroplane-test-'));
  const report = join(folder, 'report.json');
  spawnSync(bin('jest'), [...args, '--json', `--outputFile=${report}`, '--forceExit'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const counts = existsSync(report) ? countJest(report) : withoutReport();
  rmSync(folder, { recursive: true, force: true });
  return counts;
}

function withoutReport(): Run {
  return { passed: 0, failed: 1, failures: ['jest ended without a report'], leftOut: 0, failedFiles: [] };
}

interface Run extends Counts {
  failures: string[];
  /** Where leaving a test out is a failure. */
  leftOut: number;
  failedFiles: string[];
}

function countJest(report: string): Run {
  const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites, testResults } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  const failed = (testResults as FileResult[]).filter(({ status }) => status === 'failed');
  return {
    passed: numPassedTests,
    failed: numFailedTests + numRuntimeErrorTestSuites,
    failures: failed.flatMap(failuresOf),
    leftOut: ci ? numPendingTests : 0,
    failedFiles: failed.map(({ name }) => relative(root, name)),
  };
}

interface FileResult {
  name: string;
  status: string;
  assertionResults: { fullName: string; status: string }[];
}

/** A file that cannot even be loaded has no tests. */
function failuresOf({ name, assertionResults }: FileResult): string[] {
  const file = relative(root, name);
  const tests = assertionResults.filter(({ status }) => status === 'failed');
  return tests.length > 0 ? tests.map(({ fullName }) => `${file} › ${fullName}`) : [file];
}

function conformanceSlice(): Stage {
  const slice = `${(Math.floor(Date.now() / DAY_MS) % SLICES) + 1}/${SLICES}`;
  const run = () => {
    const args = [join(root, 'test/conformance/run.ts'), '--passing', '--slice', slice, '--attempts', '2'];
    const { stdout, status } = spawnSync(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    process.stdout.write(stdout);
    const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(stdout) ?? [];
    return passed === undefined || status === null
      ? { passed: 0, failed: 1 }
      : { passed: Number(passed), failed: Math.max(Number(failed), status) };
  };
  return {
    name: `conformance slice ${slice}`,
    lacks: () => needsRoot() ?? needsPeers('conformance.test', 'agnhost'),
    run,
  };
}

function needsRoot(): string | undefined {
  return process.getuid?.() === 0 ? undefined : 'It starts containers and needs root: run `sudo npm test`.';
}

function needsLocalStack(): string | undefined {
  const missing = missingRequirements();
  return missing.length > 0 ? `LocalStack needs ${missing.join('; ')}.` : undefined;
}

/** Builds what is missing where Go is there. */
function needsPeers(...names: string[]): string | undefined {
  if (names.every((name) => existsSync(join(peers, name)))) return undefined;
  if (spawnSync('go', ['version']).status !== 0)
    return `It needs ${names.join(', ')}, which peers/build.sh makes with Go 1.26 or newer (https://go.dev/dl).`;
  console.log(`builds ${names.join(', ')} (once; some minutes)`);
  const built = spawnSync('bash', [join(root, 'peers/build.sh'), ...names], { stdio: 'inherit' });
  return built.status === 0 ? undefined : 'peers/build.sh failed.';
}
