import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Clock, delay } from '../runtime/clock.ts';
import { ClusterError } from './error.ts';
import type { ProcessPaths } from './paths.ts';

/** A log that has grown beyond this is moved to `log.1` at the next start. */
const MAX_LOG_BYTES = 10 << 20;
const POLL_MS = 10;

/** Starts a program in a session of its own, so that it outlives its starter; output goes to its log. */
export function startDaemon(paths: ProcessPaths, command: readonly string[]): number {
  mkdirSync(dirname(paths.pid), { recursive: true, mode: 0o700 });
  rotate(paths.log);
  const log = openSync(paths.log, 'a', 0o600);
  const [file, ...args] = command;
  const child = spawn(file!, args, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
  closeSync(log);
  if (child.pid === undefined) throw new ClusterError(`${file} could not be started`);
  child.unref();
  writePid(paths.pid, child.pid);
  return child.pid;
}

/** The daemon's pid, if it runs. A pid file that a crash or reboot left names, by its start time, a process that is gone. */
export function runningDaemon(paths: Pick<ProcessPaths, 'pid'>): number | undefined {
  const [pid, identity] = (readIfThere(paths.pid) ?? '').trim().split('\n');
  return pid && identity && identify(Number(pid)) === identity ? Number(pid) : undefined;
}

/** Whether its last start was in this boot: after a reboot, what it left on the disk describes nothing that lives. */
export function startedInThisBoot(paths: Pick<ProcessPaths, 'pid'>): boolean {
  const identity = (readIfThere(paths.pid) ?? '').split('\n')[1];
  return identity?.split(' ')[0] === bootId();
}

/** A signal, then SIGKILL after `graceMs`. Never touches a process that is not the one that was started. */
export async function stopDaemon(
  paths: Pick<ProcessPaths, 'pid'>,
  clock: Clock,
  graceMs: number,
  first: 'SIGTERM' | 'SIGPWR' = 'SIGTERM',
): Promise<void> {
  const signals = [
    { signal: first, until: clock.now() + graceMs },
    { signal: 'SIGKILL', until: clock.now() + graceMs + 5_000 },
  ] as const;
  for (const { signal, until } of signals) {
    const pid = runningDaemon(paths);
    if (pid !== undefined) process.kill(pid, signal);
    while (runningDaemon(paths) !== undefined && clock.now() < until) await delay(clock, POLL_MS);
  }
  if (runningDaemon(paths) !== undefined) throw new ClusterError(`process ${runningDaemon(paths)} does not end`);
  rmSync(paths.pid, { force: true });
}

/** The last lines of a daemon's log, for the message that it did not start. */
export function logTail(paths: Pick<ProcessPaths, 'log'>, lines = 10): string {
  const text = readIfThere(paths.log) ?? '';
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

/** What tells a process from a later one with the same pid: the boot and the start time in it (proc_pid_stat(5), field 22). Undefined: no such process. */
export function identify(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  if (!stat) return undefined;
  // The command in parentheses may hold blanks and parentheses itself; the third field follows the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z') return undefined;
  return `${bootId()} ${fields[19]}`;
}

function bootId(): string {
  return (readIfThere('/proc/sys/kernel/random/boot_id') ?? '').trim();
}

export function writePid(file: string, pid: number): void {
  writeFileSync(`${file}.new`, `${pid}\n${identify(pid)}\n`);
  renameSync(`${file}.new`, file);
}

function rotate(log: string): void {
  const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  if (size > MAX_LOG_BYTES) renameSync(log, `${log}.1`);
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
