import { readFile, statfs } from 'node:fs/promises';

export interface NodeUsage {
  cpuCoreNanoSeconds: number;
  memoryTotalBytes: number;
  memoryAvailableBytes: number;
  fs: { capacityBytes: number; availableBytes: number; inodes: number; inodesFree: number };
  /** Of all interfaces but loopback. */
  rxBytes: number;
  txBytes: number;
  bootMs: number;
}

/** USER_HZ, which the kernel's interface fixes at 100 on every architecture that Node runs on (proc(5)). */
const NANOSECONDS_PER_TICK = 10_000_000;

/** What the machine uses, from /proc; network as this process's namespace sees it. */
export async function nodeUsage(): Promise<NodeUsage> {
  const [stat, memory, network, files] = await Promise.all([
    readFile('/proc/stat', 'utf8'),
    readFile('/proc/meminfo', 'utf8'),
    readFile('/proc/net/dev', 'utf8'),
    statfs('/'),
  ]);
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(memory)?.[1] ?? 0) * 1024;
  return {
    cpuCoreNanoSeconds: busyTicks(stat) * NANOSECONDS_PER_TICK,
    memoryTotalBytes: bytes('MemTotal'),
    memoryAvailableBytes: bytes('MemAvailable'),
    fs: {
      capacityBytes: files.blocks * files.bsize,
      availableBytes: files.bavail * files.bsize,
      inodes: files.files,
      inodesFree: files.ffree,
    },
    ...traffic(network),
    bootMs: Number(/^btime (\d+)/m.exec(stat)?.[1] ?? 0) * 1_000,
  };
}

/** The first line sums all processors: user nice system idle iowait irq softirq steal. */
function busyTicks(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (stat.split('\n')[0] ?? '')
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return user + nice + system + irq + softirq + steal;
}

function traffic(netDev: string): { rxBytes: number; txBytes: number } {
  const lines = netDev.split('\n').filter((line) => line.includes(':') && !line.trim().startsWith('lo:'));
  const columns = lines.map((line) => (line.split(':')[1] ?? '').trim().split(/\s+/).map(Number));
  const sum = (column: number) => columns.reduce((total, values) => total + (values[column] ?? 0), 0);
  return { rxBytes: sum(0), txBytes: sum(8) };
}
