import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { delay } from '../../lib/runtime/clock.ts';
import type { AgentContext } from '../context.ts';

/** Source: kubelet containerLogMonitorInterval. */
const CHECK_MS = 10_000;

/** Keeps the logs of running containers within their limits. Source: pkg/kubelet/logs/container_log_manager.go. */
export async function rotateLogs(context: AgentContext, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await delay(context.clock, CHECK_MS, signal);
    try {
      await rotateOnce(context);
    } catch (error) {
      context.log('cannot rotate the logs of containers', { error });
    }
  }
}

export async function rotateOnce({ runtime, config, clock }: AgentContext): Promise<void> {
  for (const { id, state } of await runtime.listContainers()) {
    if (state !== 'RUNNING') continue;
    const path = (await runtime.containerStatus(id))?.logPath;
    const size = path ? (await stat(path).catch(() => undefined))?.size : undefined;
    if (!path || size === undefined || size <= config.containerLogMaxBytes) continue;
    await rotate(path, clock.now());
    await runtime.reopenContainerLog(id);
    await compressAndPrune(path, config.containerLogMaxFiles);
  }
}

/** N.log becomes N.log.20060102-150405. */
async function rotate(path: string, nowMs: number): Promise<void> {
  const [date = '', time = ''] = new Date(nowMs).toISOString().split(/[T.]/);
  await rename(path, `${path}.${date.replaceAll('-', '')}-${time.replaceAll(':', '')}`);
}

/** All but the newest rotated file are compressed; the oldest go. */
async function compressAndPrune(path: string, maxFiles: number): Promise<void> {
  const folder = dirname(path);
  const rotated = (await readdir(folder)).filter((name) => name.startsWith(`${basename(path)}.`)).sort();
  const kept = rotated.slice(-Math.max(1, maxFiles - 1));
  for (const name of rotated) if (!kept.includes(name)) await rm(join(folder, name), { force: true });
  for (const name of kept.slice(0, -1)) if (!name.endsWith('.gz')) await compress(join(folder, name));
}

async function compress(path: string): Promise<void> {
  await pipeline(createReadStream(path), createGzip(), createWriteStream(`${path}.tmp`));
  await rename(`${path}.tmp`, `${path}.gz`);
  await rm(path);
}
