import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import type { ContainerdPaths } from './paths.ts';

/** The pid of the containerd that runs from this folder, or undefined. A pid that now is another program's does not count. */
export async function runningContainerd(paths: ContainerdPaths): Promise<number | undefined> {
  const pid = Number(await readIfThere(paths.pid));
  if (!pid) return undefined;
  const commandLine = await readIfThere(`/proc/${pid}/cmdline`);
  return commandLine?.split('\0').includes(paths.config) ? pid : undefined;
}

/** Starts containerd in the caller's network namespace, in a session of its own: it outlives the agent. Returns its pid. */
export async function spawnContainerd(paths: ContainerdPaths): Promise<number> {
  for (const folder of [paths.root, paths.state, paths.runc, paths.opt, paths.registries, paths.cniConfig])
    await mkdir(folder, { recursive: true, mode: 0o711 });
  await rm(paths.socket, { force: true });
  const log = await open(paths.log, 'a');
  try {
    const child = spawn('containerd', ['--config', paths.config], {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    const pid = await started(child);
    await writeFile(paths.pid, `${pid}\n`);
    child.unref();
    return pid;
  } finally {
    await log.close();
  }
}

function started(child: ReturnType<typeof spawn>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid as number));
  });
}

/** The file's text; undefined when there is no such file (or, in /proc, no such process). */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
