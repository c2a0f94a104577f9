/** `npm run simulate -- [--seeds N] [--from SEED] [--workers N]`, `npm run simulate -- replay SEED`; `--break STEP` leaves a step out. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { brokenBy } from './open.ts';
import { replay } from './replay.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '100000' },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: String(availableParallelism()) },
    break: { type: 'string' },
  },
});

/** All that a seed makes is garbage after it. */
const YOUNG_MB = 64;

/** What a worker tells: how far it is, and what it found. */
export interface Report {
  done: number;
  failed?: { seed: number; violations: readonly string[] };
}

async function runAll(): Promise<void> {
  const [seeds, from, workers] = [Number(values.seeds), Number(values.from), Number(values.workers)];
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  let done = 0;
  let failed = 0;
  let told = 0;
  const hear = (report: Report) => {
    done += report.done;
    if (report.failed) {
      failed++;
      const { seed, violations } = report.failed;
      console.log(`seed ${seed}: ${violations.length} violations\n  ${violations.slice(0, 5).join('\n  ')}`);
      console.log(`  npm run simulate -- replay ${seed}${values.break ? ` --break ${values.break}` : ''}`);
    }
    if (done - told >= seeds / 20 || done === seeds) {
      told = done;
      console.log(`${done} of ${seeds} seeds, ${failed} with violations, ${seconds()} s`);
    }
  };
  const shares = Array.from({ length: workers }, (_, i) => ({
    first: from + i,
    last: from + seeds - 1,
    step: workers,
  }));
  await Promise.all(shares.map((share) => runShare({ ...share, broken: values.break }, hear)));
  process.exitCode = failed > 0 ? 1 : 0;
}

function runShare(workerData: object, hear: (report: Report) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('worker.ts', import.meta.url), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    worker.on('message', hear);
    worker.on('error', reject);
    worker.on('exit', () => resolve());
  });
}

if (positionals[0] === 'replay') {
  const violations = await replay(Number(positionals[1]), brokenBy(values.break), (line) => console.log(line));
  process.exitCode = violations > 0 ? 1 : 0;
} else {
  await runAll();
}
