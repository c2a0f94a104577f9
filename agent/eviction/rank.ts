import { amount, podAmounts } from '../../lib/api/scheduling/pod-requests.ts';
import type { Container, Pod } from '../../lib/api/types.ts';
import { CONFIG_SOURCE } from '../static-pods/static-pod.ts';
import type { Signal } from './thresholds.ts';

/** What one pod uses. */
export interface PodUsage {
  pod: Pod;
  memoryBytes: number;
  /** Of the node's disk: writable layers, logs, emptyDirs that are not memory. */
  diskBytes: number;
  /** By container. */
  containers: readonly ContainerUsage[];
}

export interface ContainerUsage {
  name: string;
  memoryBytes: number;
  /** Its writable layer and its logs. */
  diskBytes: number;
}

/** The resource that a signal is about, as requests and messages name it. */
export const RESOURCES: Readonly<Record<Signal, string>> = {
  'memory.available': 'memory',
  'nodefs.available': 'ephemeral-storage',
  'nodefs.inodesFree': 'inodes',
  'pid.available': 'pids',
};

/** Source: scheduling.SystemCriticalPriority. */
const CRITICAL_PRIORITY = 2_000_000_000;

/** Never evicted: the node, or the cluster, needs it. Source: kubelettypes.IsCriticalPod. */
export function isCritical({ metadata, spec }: Pod): boolean {
  return metadata?.annotations?.[CONFIG_SOURCE] === 'file' || (spec?.priority ?? 0) >= CRITICAL_PRIORITY;
}

/**
 * Who goes first: who uses more than it asked for, then who matters least, then who is furthest over its request.
 * Source: rankMemoryPressure, rankDiskPressureFunc, rankPIDPressure in pkg/kubelet/eviction/helpers.go.
 */
export function rank(signal: Signal, pods: readonly PodUsage[]): PodUsage[] {
  const over = ({ pod, ...usage }: PodUsage) => used(signal, usage) - requested(signal, pod);
  const priority = ({ pod }: PodUsage) => pod.spec?.priority ?? 0;
  const exceeds = (usage: PodUsage) => (signal === 'pid.available' || over(usage) <= 0 ? 0 : 1);
  return pods
    .filter(({ pod }) => !isCritical(pod))
    .sort((a, b) => exceeds(b) - exceeds(a) || priority(a) - priority(b) || over(b) - over(a));
}

export function used(signal: Signal, usage: Pick<PodUsage, 'memoryBytes' | 'diskBytes'>): number {
  if (signal === 'pid.available') return 0;
  return signal === 'memory.available' ? usage.memoryBytes : usage.diskBytes;
}

function requested(signal: Signal, pod: Pod): number {
  return pod.spec ? (podAmounts(pod.spec).get(RESOURCES[signal]) ?? 0) : 0;
}

export function requestedBy(container: Container | undefined, resource: string): number {
  const request = container?.resources?.requests?.[resource];
  return request === undefined ? 0 : amount(resource, request);
}
