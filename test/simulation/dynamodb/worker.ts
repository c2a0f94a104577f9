/** A share of the seeds of run.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { brokenBy, violationsOf } from './open.ts';
import type { Report } from './run.ts';

const { first, last, step, broken } = workerData as { first: number; last: number; step: number; broken?: string };
/** Errors are a part of what is simulated, and their stacks cost more than they are worth; a replay has them. */
Error.stackTraceLimit = 0;
const TELL_EVERY = 100;

const tell = (report: Report) => parentPort!.postMessage(report);
let untold = 0;
for (let seed = first; seed <= last; seed += step) {
  const violations = await violationsOf(seed, brokenBy(broken));
  if (violations.length > 0) tell({ done: 0, failed: { seed, violations } });
  if (++untold === TELL_EVERY) {
    tell({ done: untold });
    untold = 0;
  }
}
tell({ done: untold });
