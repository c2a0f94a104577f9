import { access, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Pod } from '../../lib/api/types.ts';
import type { AgentConfig, Log } from '../context.ts';
import { podLimitTotals, podRequests } from './admission.ts';
import { qosClass } from './qos.ts';
import { cpuQuota, cpuShares } from './resources.ts';

export type CgroupVersion = 'v1' | 'v2';

/** Below the node's root: kubepods, then a folder for each QoS class but the best, then one a pod. Source: pkg/kubelet/cm. */
export function podCgroup(pod: Pod, cgroupRoot: string): string {
  const qos = qosClass(pod);
  const parent = qos === 'Guaranteed' ? '' : `/${qos.toLowerCase()}`;
  return join('/', cgroupRoot, `kubepods${parent}/pod${pod.metadata?.uid}`);
}

/** v2 when the mount itself holds the unified hierarchy. */
export async function cgroupVersion(mount: string): Promise<CgroupVersion> {
  const controllers = await readFile(join(mount, 'cgroup.controllers'), 'utf8').catch(() => undefined);
  return controllers === undefined ? 'v1' : 'v2';
}

/** Source: kuberuntime_container_linux.go swapControllerAvailable. */
export async function swapAccounting(mount: string, version: CgroupVersion): Promise<boolean> {
  const own = /^0::(.*)$/m.exec(await readFile('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';
  const file =
    version === 'v1' ? join(mount, 'memory/memory.memsw.limit_in_bytes') : join(mount, own, 'memory.swap.max');
  return access(file).then(
    () => true,
    () => false,
  );
}

interface Limits {
  shares: number;
  quota?: { cpuPeriod?: number; cpuQuota?: number } | undefined;
  memoryBytes?: number | undefined;
}

/** What all containers of the pod may use together. Source: cm/helpers_linux.go ResourceConfigForPod. */
export function podLimits(pod: Pod): Limits {
  const { containers = [], initContainers = [], resources } = pod.spec ?? { containers: [] };
  if (qosClass(pod) === 'BestEffort') return { shares: cpuShares(0) };
  const all = [...containers, ...initContainers];
  const [requests, limits] = [podRequests(pod), podLimitTotals(pod)];
  const bounded = (name: string) =>
    resources?.limits?.[name] !== undefined || all.every((one) => one.resources?.limits?.[name] !== undefined);
  return {
    shares: cpuShares(Number(requests['cpu'] ?? 0n)),
    quota: bounded('cpu') ? cpuQuota(Number(limits['cpu'] ?? 0n)) : undefined,
    memoryBytes: bounded('memory') ? Number(limits['memory'] ?? 0n) : undefined,
  };
}

export class Cgroups {
  readonly #config: Pick<AgentConfig, 'cgroupMount' | 'cgroupRoot'>;
  readonly version: CgroupVersion;
  readonly #activePods: () => readonly Pod[];
  readonly #log: Log;

  constructor(
    config: Pick<AgentConfig, 'cgroupMount' | 'cgroupRoot'>,
    version: CgroupVersion,
    activePods: () => readonly Pod[],
    log: Log,
  ) {
    this.#config = config;
    this.version = version;
    this.#activePods = activePods;
    this.#log = log;
  }

  /** A pod whose limits cannot be written still runs: its containers have their own. */
  async setUp(pod: Pod): Promise<void> {
    const path = podCgroup(pod, this.#config.cgroupRoot);
    try {
      const apply = this.version === 'v1' ? this.#setUpV1 : this.#setUpV2;
      await apply.call(this, path, podLimits(pod));
      // All pods of a class together weigh what they ask for. Source: cm/qos_container_manager_linux.go.
      if (qosClass(pod) !== 'Guaranteed') await apply.call(this, dirname(path), { shares: this.#classShares(pod) });
    } catch (error) {
      this.#log('cannot set the limits of a pod', { path, error });
    }
  }

  /** Removes the pod's group in every hierarchy, whatever class it was in. */
  async tearDown(uid: string): Promise<void> {
    for (const hierarchy of await this.#hierarchies()) {
      for (const qos of ['', 'burstable', 'besteffort']) {
        await removeTree(join(hierarchy, this.#config.cgroupRoot, 'kubepods', qos, `pod${uid}`));
      }
    }
  }

  #classShares(pod: Pod): number {
    const qos = qosClass(pod);
    if (qos === 'BestEffort') return cpuShares(0);
    const peers = this.#activePods().filter(
      (other) => qosClass(other) === qos && other.metadata?.uid !== pod.metadata?.uid,
    );
    return cpuShares([...peers, pod].reduce((sum, one) => sum + Number(podRequests(one)['cpu'] ?? 0n), 0));
  }

  async #setUpV1(path: string, { shares, quota, memoryBytes }: Limits): Promise<void> {
    const cpu = join(this.#config.cgroupMount, 'cpu', path);
    const memory = join(this.#config.cgroupMount, 'memory', path);
    await Promise.all([mkdir(cpu, { recursive: true }), mkdir(memory, { recursive: true })]);
    await write(cpu, 'cpu.shares', shares);
    if (quota?.cpuPeriod) await write(cpu, 'cpu.cfs_period_us', quota.cpuPeriod);
    if (quota?.cpuQuota) await write(cpu, 'cpu.cfs_quota_us', quota.cpuQuota);
    if (memoryBytes) await write(memory, 'memory.limit_in_bytes', memoryBytes);
  }

  async #setUpV2(path: string, { shares, quota, memoryBytes }: Limits): Promise<void> {
    const folder = join(this.#config.cgroupMount, path);
    await mkdir(folder, { recursive: true });
    // A group has only the controllers that all above it pass on (cgroups(7), "Cgroups v2 subtree_control").
    for (const parent of parents(path)) {
      await write(join(this.#config.cgroupMount, parent), 'cgroup.subtree_control', '+cpu +memory +pids');
    }
    await write(folder, 'cpu.weight', weightOfShares(shares));
    if (quota?.cpuQuota) await write(folder, 'cpu.max', `${quota.cpuQuota} ${quota.cpuPeriod}`);
    if (memoryBytes) await write(folder, 'memory.max', memoryBytes);
  }

  async #hierarchies(): Promise<string[]> {
    const mount = this.#config.cgroupMount;
    if (this.version === 'v2') return [mount];
    const names = await readdir(mount, { withFileTypes: true });
    return names.filter((entry) => entry.isDirectory()).map(({ name }) => join(mount, name));
  }
}

/** KEP-2254: 2…262144 shares become 1…10000. */
export function weightOfShares(shares: number): number {
  return Math.floor(1 + ((shares - 2) * 9999) / 262_142);
}

function parents(path: string): string[] {
  const above = dirname(path);
  return above === '/' ? ['/'] : [...parents(above), above];
}

const write = (folder: string, file: string, value: string | number) => writeFile(join(folder, file), String(value));

/** Groups are removed from the leaves up; the files in them are the kernel's. */
async function removeTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(folder, entry.name));
  await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'EBUSY') throw error;
  });
}
