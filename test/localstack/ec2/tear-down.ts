/** `node tear-down.ts STATE`: leaves nothing of what ec2.ts made, however that ended. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** STATE/vpc.json */
export interface VpcState {
  bridge: string;
  /** nftables table of this machine. */
  table: string;
  /** Folders that had to be made to mount on. */
  mountPoints: string[];
}

export const machinesFolder = (state: string) => join(state, 'machines');
export const netnsOf = (instanceId: string) => `zpn-${instanceId}`;
const CGROUPS = '/sys/fs/cgroup';
const KILL_ATTEMPTS = 100;
const POLL_MS = 50;

/** As when a machine's power goes: every process of it at once. */
export async function tearDownMachine(state: string, instanceId: string): Promise<void> {
  const cgroups = cgroupsOf(instanceId);
  for (let attempt = 0; attempt < KILL_ATTEMPTS; attempt++) {
    const pids = processesOf(instanceId, cgroups);
    if (pids.size === 0) break;
    for (const pid of pids) kill(pid);
    await sleep(POLL_MS);
  }
  // The deepest first: a cgroup with children cannot be removed.
  for (const folder of cgroups.sort((a, b) => b.length - a.length)) quietly(() => rmdirSync(folder));
  quietly(() => execFileSync('ip', ['netns', 'delete', netnsOf(instanceId)], { stdio: 'ignore' }));
  rmSync(join(machinesFolder(state), instanceId), { recursive: true, force: true });
}

export async function tearDownVpc(state: string): Promise<void> {
  const machines = existsSync(machinesFolder(state)) ? readdirSync(machinesFolder(state)) : [];
  await Promise.all(machines.map((id) => tearDownMachine(state, id)));
  const file = join(state, 'vpc.json');
  if (existsSync(file)) {
    const { bridge, table, mountPoints } = JSON.parse(readFileSync(file, 'utf8')) as VpcState;
    quietly(() => execFileSync('ip', ['link', 'delete', bridge], { stdio: 'ignore' }));
    quietly(() => execFileSync('nft', ['delete', 'table', 'ip', table], { stdio: 'ignore' }));
    for (const folder of mountPoints.toReversed()) quietly(() => rmdirSync(folder));
  }
  rmSync(state, { recursive: true, force: true });
}

/** Below every controller's root (version 1), or below the one (version 2). */
function cgroupsOf(instanceId: string): string[] {
  const name = `zeroplane-${instanceId}`;
  const roots = [CGROUPS, ...readdirSync(CGROUPS).map((controller) => join(CGROUPS, controller))];
  return roots
    .map((root) => join(root, name))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => [folder, ...subfolders(folder)]);
}

function subfolders(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return entries.flatMap(({ name }) => [join(folder, name), ...subfolders(join(folder, name))]);
}

function processesOf(instanceId: string, cgroups: readonly string[]): Set<number> {
  const inCgroups = cgroups.flatMap((folder) => lines(join(folder, 'cgroup.procs')).map(Number));
  return new Set([...inNamespace(`/run/netns/${netnsOf(instanceId)}`), ...inCgroups].filter((pid) => pid > 1));
}

function inNamespace(file: string): number[] {
  const namespace = statSync(file, { throwIfNoEntry: false });
  if (!namespace) return [];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => networkOf(pid) === `net:[${namespace.ino}]`).map(Number);
}

function networkOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined; // it has ended meanwhile
  }
}

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return []; // gone meanwhile
  }
}

function kill(pid: number): void {
  quietly(() => process.kill(pid, 'SIGKILL'));
}

/** Whatever is gone already need not go. */
function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // as said
  }
}

if (process.argv[1] === import.meta.filename) void tearDownVpc(process.argv[2]!);
