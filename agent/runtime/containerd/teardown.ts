import { execFile } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Clock, delay } from '../../../lib/runtime/clock.ts';
import type { Runtime } from '../../runtime-contract.ts';
import { removeCgroups } from '../cgroups.ts';
import { criRuntime } from '../cri-runtime.ts';
import { type ContainerdPaths, containerdPaths } from './paths.ts';
import { readIfThere, runningContainerd } from './process.ts';

export interface TeardownOptions {
  /** containerd's folder. */
  folder: string;
  /** Mounts below these are taken away too: the pods' volumes. */
  mountsBelow?: readonly string[];
  cgroupMount: string;
  /** The cgroup that all pods of the node lie below. */
  cgroupRoot: string;
  /** How long containers may take to end by themselves. */
  graceSeconds: number;
  clock: Clock;
}

const run = promisify(execFile);
const KILL_POLL_MS = 20;
const KILL_TIMEOUT_MS = 10_000;

/**
 * Leaves nothing of a node's containerd: sandboxes and containers, shims, containerd itself, mounts, sockets and cgroups.
 * The files stay, images included, so that the node can be taken up again. Idempotent, and right after a crash at any point.
 */
export async function tearDownContainerd(options: TeardownOptions): Promise<void> {
  const paths = containerdPaths(options.folder);
  if (await runningContainerd(paths)) await removeSandboxes(paths, options.graceSeconds);
  const pid = await runningContainerd(paths);
  if (pid) await end([pid], options.clock);
  // What a dead containerd could not remove in order.
  await end(await processesOf(paths, options), options.clock);
  await removeShimSockets(paths);
  await unmountBelow([options.folder, ...(options.mountsBelow ?? [])]);
  await rm(paths.state, { recursive: true, force: true });
  await rm(paths.runc, { recursive: true, force: true });
  await rm(paths.pid, { force: true });
  for (const socket of [paths.socket, `${paths.socket}.ttrpc`]) await rm(socket, { force: true });
  await removeCgroups(options.cgroupMount, options.cgroupRoot);
}

async function removeSandboxes(paths: ContainerdPaths, graceSeconds: number): Promise<void> {
  const runtime = criRuntime(paths.socket);
  try {
    const containers = await runtime.listContainers({ state: 'RUNNING' });
    await Promise.allSettled(containers.map(({ id }) => runtime.stopContainer(id, graceSeconds)));
    const sandboxes = await runtime.listPodSandboxes();
    await Promise.allSettled(sandboxes.map(({ id }) => removeSandbox(runtime, id)));
  } catch {
    // A containerd that does not answer is ended below, with all that belongs to it.
  } finally {
    runtime.close();
  }
}

async function removeSandbox(runtime: Runtime, id: string): Promise<void> {
  await runtime.stopPodSandbox(id);
  await runtime.removePodSandbox(id);
}

/** Shims name containerd's socket in their arguments; a container's processes are found by their cgroup. */
async function processesOf(paths: ContainerdPaths, { cgroupRoot }: TeardownOptions): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  const below = `:${join('/', cgroupRoot)}/`;
  const ours: number[] = [];
  for (const pid of pids) {
    const commandLine = (await readIfThere(`/proc/${pid}/cmdline`))?.split('\0') ?? [];
    const cgroup = (await readIfThere(`/proc/${pid}/cgroup`)) ?? '';
    const isShim = commandLine[0]?.includes('containerd-shim') && commandLine.includes(paths.socket);
    if (isShim || cgroup.split('\n').some((line) => line.includes(below))) ours.push(pid);
  }
  return ours;
}

/** SIGKILL, and waits until they are gone. */
async function end(pids: readonly number[], clock: Clock): Promise<void> {
  const deadline = clock.now() + KILL_TIMEOUT_MS;
  for (const pid of pids) signal(pid, 'SIGKILL');
  for (const pid of pids) while ((await lives(pid)) && clock.now() < deadline) await delay(clock, KILL_POLL_MS);
}

async function lives(pid: number): Promise<boolean> {
  const state = /\) (\w)/.exec((await readIfThere(`/proc/${pid}/stat`)) ?? '')?.[1];
  return state !== undefined && state !== 'Z';
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Shims listen below containerd's default state folder whatever its own is; each bundle holds the socket's address. */
async function removeShimSockets(paths: ContainerdPaths): Promise<void> {
  const bundles = join(paths.state, 'io.containerd.runtime.v2.task/k8s.io');
  const ids = await readdir(bundles).catch(() => []);
  for (const id of ids) {
    const address = await readIfThere(join(bundles, id, 'address'));
    const path = address?.trim().replace(/^unix:\/\//, '');
    if (path?.startsWith('/')) await rm(path, { force: true });
  }
}

/** The deepest first. */
export async function unmountBelow(folders: readonly string[]): Promise<void> {
  const points = mountPoints(await readFile('/proc/self/mountinfo', 'utf8'));
  const ours = points.filter((point) => folders.some((folder) => point.startsWith(`${folder}/`)));
  for (const point of ours.reverse()) await run('umount', ['--lazy', point]).catch(ignoreUnmounted);
}

/** Taken away by the mount above it, or by a container that ended meanwhile. */
function ignoreUnmounted(error: { stderr?: string }): void {
  if (!/not mounted|no mount point|not found/.test(error.stderr ?? '')) throw error;
}

/** Source: proc(5), /proc/PID/mountinfo; its fifth field writes blanks as \040. */
export function mountPoints(mountinfo: string): string[] {
  const octal = (text: string) =>
    text.replaceAll(/\\(\d{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8)));
  return mountinfo.split('\n').flatMap((line) => octal(line.split(' ')[4] ?? '') || []);
}
