import { readdir, readFile, statfs } from 'node:fs/promises';
import { arch, cpus, release, totalmem } from 'node:os';
import { Quantity } from '../../lib/api/quantity.ts';
import type { Readings } from '../eviction/thresholds.ts';

/** What the machine is. */
export interface Machine {
  cpus: number;
  memoryBytes: number;
  diskBytes: number;
  /** Pages set aside, in bytes, by the resource's name: hugepages-2Mi. */
  hugepages: Readonly<Record<string, number>>;
  architecture: string;
  kernelVersion: string;
  osImage: string;
  machineID: string;
  systemUUID: string;
  bootID: string;
}

/** Go's names for what Node calls otherwise. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', arm: 'arm', ia32: '386' };

export async function readMachine(stateDir: string): Promise<Machine> {
  const [osRelease, machineID, systemUUID, bootID, disk] = await Promise.all([
    text('/etc/os-release'),
    text('/etc/machine-id'),
    text('/sys/class/dmi/id/product_uuid'),
    text('/proc/sys/kernel/random/boot_id'),
    statfs(stateDir),
  ]);
  return {
    cpus: cpus().length,
    memoryBytes: totalmem(),
    diskBytes: disk.blocks * disk.bsize,
    hugepages: await readHugepages(),
    architecture: ARCHITECTURES[arch()] ?? arch(),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(osRelease)?.[1] ?? 'Linux',
    machineID,
    systemUUID: systemUUID || machineID,
    bootID,
  };
}

/** hugetlbpage in the kernel's documentation: one folder for each size, named in kB. */
async function readHugepages(): Promise<Record<string, number>> {
  const folder = '/sys/kernel/mm/hugepages';
  const sizes: Record<string, number> = {};
  for (const name of await readdir(folder).catch(() => [])) {
    const kilobytes = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0);
    const pages = Number(await text(`${folder}/${name}/nr_hugepages`));
    if (kilobytes > 0) sizes[`hugepages-${Quantity.of(kilobytes * 1024, 'BinarySI')}`] = pages * kilobytes * 1024;
  }
  return sizes;
}

/** What is left of the machine, for evictions. */
export async function readReadings(stateDir: string): Promise<Readings> {
  const [meminfo, disk, pidMax, loadavg] = await Promise.all([
    text('/proc/meminfo'),
    statfs(stateDir),
    text('/proc/sys/kernel/pid_max'),
    text('/proc/loadavg'),
  ]);
  const memory = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1] ?? 0) * 1024;
  // proc(5): the fourth field of loadavg is running/existing scheduling entities.
  const tasks = Number(/\d+\/(\d+)/.exec(loadavg)?.[1] ?? 0);
  return {
    'memory.available': { available: memory('MemAvailable'), capacity: memory('MemTotal') },
    'nodefs.available': { available: disk.bavail * disk.bsize, capacity: disk.blocks * disk.bsize },
    // Some file systems count no inodes: then none are short.
    'nodefs.inodesFree': disk.files ? { available: disk.ffree, capacity: disk.files } : { available: 1, capacity: 1 },
    'pid.available': { available: Number(pidMax) - tasks, capacity: Number(pidMax) },
  };
}

/** Absent in some sandboxes: then empty. */
async function text(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).trim();
}
