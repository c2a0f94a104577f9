import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Clock, delay } from '../runtime/clock.ts';
import { identify } from './daemon.ts';
import { ClusterError } from './error.ts';

/** One command at a time changes a cluster. A lock whose holder is gone is taken over. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  makeFolder(dirname(file));
  const holder = take(file);
  if (holder) {
    throw new ClusterError(
      `another zeroplane command (process ${holder}) is at work on this cluster: wait for it to end`,
    );
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
    removeIfEmpty(dirname(file));
  }
}

/** One folder after the other: where the kernel says ENOENT to a mkdir, as in /proc, Node's recursive one goes on for ever. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

const WAIT_MS = 120_000;
const POLL_MS = 25;

/** Waits for its turn: what clusters share, such as free ports and ranges, is chosen by one command after the other. */
export async function inTurn<T>(file: string, clock: Clock, work: () => Promise<T>): Promise<T> {
  const until = clock.now() + WAIT_MS;
  for (let holder = take(file); holder; holder = take(file)) {
    if (clock.now() > until) throw new ClusterError(`another zeroplane command (process ${holder}) does not end`);
    await delay(clock, POLL_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** A command that was refused before it made anything leaves nothing. */
function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Undefined once it is ours; otherwise who holds it. */
function take(file: string): string | undefined {
  try {
    writeFileSync(file, `${process.pid}\n${identify(process.pid)}\n`, { flag: 'wx' });
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const [pid, identity] = readIfThere(file).split('\n');
  // A holder that has made the file and not yet written it counts too.
  if (!identity || identify(Number(pid)) === identity) return pid || 'unknown';
  rmSync(file, { force: true });
  return take(file);
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
