import { open } from 'node:fs/promises';
import type { ContainerStatus } from '../runtime-contract.ts';
import { terminationMessageOf } from './labels.ts';

/** Source: pkg/kubelet/container MaxContainerTerminationMessageLength, …LogLength, …LogLines. */
const MAX_BYTES = 4096;
const MAX_LOG_BYTES = 2048;
const MAX_LOG_LINES = 80;

/** A container's last words: from its file, or, if it failed and says nothing there, from the end of its log. */
export async function terminationMessage(status: ContainerStatus): Promise<string> {
  const { path, policy } = terminationMessageOf(status);
  const written = path ? await fromFile(status, path) : '';
  if (written || policy !== 'FallbackToLogsOnError' || status.exitCode === 0) return written;
  return lastLines(await tail(status.logPath, MAX_LOG_BYTES * 2));
}

async function fromFile(status: ContainerStatus, path: string): Promise<string> {
  const mount = status.mounts.find(({ containerPath }) => containerPath === path);
  return mount ? tail(mount.hostPath, MAX_BYTES) : '';
}

async function tail(path: string, maxBytes: number): Promise<string> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, maxBytes));
    await file.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8');
  } finally {
    await file.close();
  }
}

/** CRI log lines are `TIME STREAM TAG TEXT`; a line tagged P goes on in the next. */
export function lastLines(log: string): string {
  const text = log
    .split('\n')
    .map((line) => /^\S+ std(?:out|err) ([FP])\S* (.*)$/.exec(line))
    .filter((match) => match !== null)
    .slice(-MAX_LOG_LINES)
    .map(([, tag, content]) => (tag === 'P' ? content! : `${content}\n`))
    .join('');
  return Buffer.from(text).subarray(-MAX_LOG_BYTES).toString('utf8');
}
