// Runs tests of the upstream suite against a cluster, several processes at once, and reads their reports.
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SpecResult {
  name: string;
  state: 'passed' | 'failed' | 'skipped' | 'missing';
  seconds: number;
  attempts: number;
  /** First line of the failure. */
  failure: string;
}

export interface SuiteOptions {
  binary: string;
  kubeconfig: string;
  /** Reports and logs go here, one pair for each process. */
  folder: string;
  workers: number;
  /** How often a failing test is tried before it counts as failed. */
  attempts: number;
  /** Tests of one process; CHUNK where absent. */
  chunk?: number;
  /** Those that passed before; absent: all. Any other runs in a process of its own, and may take ALONE_TIMEOUT: one that waits for ever costs nobody else his result. */
  known?: ReadonlySet<string>;
  /** More arguments of the suite. */
  args?: readonly string[];
  onResult(result: SpecResult): void;
}

/** Small enough that workers end together, large enough that starting the suite (two seconds) does not count. */
const CHUNK = 12;
const CHUNK_TIMEOUT = '40m';
const ALONE_TIMEOUT = '15m';

/** [Serial] tests change what others see (nodes, taints, the whole cluster's webhooks): they run alone, after the others. */
export async function runSuite(names: readonly string[], options: SuiteOptions): Promise<SpecResult[]> {
  mkdirSync(options.folder, { recursive: true });
  const serial = names.filter((name) => name.includes('[Serial]'));
  const parallel = names.filter((name) => !name.includes('[Serial]'));
  const results = await runChunks(chunksOf(parallel, options), options.workers, 'parallel', options);
  return [...results, ...(await runChunks(chunksOf(serial, options), 1, 'serial', options))];
}

/** The longest first: what may wait for its time-out must not be what all others have ended for. */
function chunksOf(names: readonly string[], { known, chunk = CHUNK }: SuiteOptions): string[][] {
  const alone = known ? names.filter((name) => !known.has(name)) : [];
  const together = known ? names.filter((name) => known.has(name)) : names;
  return [...alone.map((name) => [name]), ...chunked(together, chunk)];
}

async function runChunks(
  chunks: string[][],
  workers: number,
  label: string,
  options: SuiteOptions,
): Promise<SpecResult[]> {
  const results: SpecResult[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < chunks.length; index = next++) {
      for (const result of await runChunk(chunks[index]!, `${label}-${index}`, options)) {
        results.push(result);
        options.onResult(result);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, chunks.length) }, work));
  return results;
}

async function runChunk(names: string[], id: string, options: SuiteOptions): Promise<SpecResult[]> {
  const report = join(options.folder, `${id}.json`);
  const log = createWriteStream(join(options.folder, `${id}.log`));
  const args = [
    // Without a beginning: ginkgo compares the suite's name and the test's.
    `--ginkgo.focus=(${names.map(escapeRegExp).join('|')})$`,
    `--ginkgo.json-report=${report}`,
    `--ginkgo.timeout=${names.length > 1 ? CHUNK_TIMEOUT : ALONE_TIMEOUT}`,
    `--ginkgo.flake-attempts=${options.attempts}`,
    '--ginkgo.no-color',
    '--test.timeout=0',
    `--kubeconfig=${options.kubeconfig}`,
    '--provider=skeleton',
    '--disable-log-dump',
    '--dump-logs-on-failure=false',
    ...(options.args ?? []),
  ];
  const child = spawn(options.binary, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: options.folder });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  await new Promise((resolve) => child.on('close', resolve));
  log.end();
  const ran = new Map(existsSync(report) ? readReport(report).map((r) => [r.name, r]) : []);
  return names.map(
    (name) =>
      ran.get(name) ?? { name, state: 'missing', seconds: 0, attempts: 0, failure: 'the suite ended without a result' },
  );
}

interface GinkgoSpec {
  ContainerHierarchyTexts: string[] | null;
  LeafNodeText: string;
  LeafNodeType: string;
  State: string;
  RunTime: number;
  NumAttempts: number;
  Failure?: { Message?: string };
}

function readReport(file: string): SpecResult[] {
  const suites: { SpecReports: GinkgoSpec[] }[] = JSON.parse(readFileSync(file, 'utf8'));
  return suites
    .flatMap((suite) => suite.SpecReports)
    .filter((spec) => spec.LeafNodeType === 'It' && spec.State !== 'skipped')
    .map((spec) => ({
      name: [...(spec.ContainerHierarchyTexts ?? []), spec.LeafNodeText].join(' '),
      state: spec.State === 'passed' ? 'passed' : 'failed',
      seconds: Math.round(spec.RunTime / 1e8) / 10,
      attempts: spec.NumAttempts,
      failure: (spec.Failure?.Message ?? '').split('\n').slice(0, 3).join(' ').slice(0, 400),
    }));
}

const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function chunked<T>(items: readonly T[], size: number): T[][] {
  // Spread neighbours: tests of one area take alike long.
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.filter((_, position) => position % count === index));
}
