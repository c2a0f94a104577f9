import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { identify } from './daemon.ts';
import { ClusterError } from './error.ts';

/** One command at a time changes a cluster. A lock whose holder is gone is taken over. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  take(file);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
    removeIfEmpty(dirname(file));
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

function take(file: string): void {
  const mine = `${process.pid}\n${identify(process.pid)}\n`;
  try {
    writeFileSync(file, mine, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const [pid, identity] = readFileSync(file, 'utf8').split('\n');
    if (identify(Number(pid)) === identity) {
      throw new ClusterError(
        `another zeroplane command (process ${pid}) is at work on this cluster: wait for it to end`,
      );
    }
    rmSync(file, { force: true });
    take(file);
  }
}
