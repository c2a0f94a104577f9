import { parseQuantity } from '../../lib/api/quantity.ts';
import type { Container, Pod } from '../../lib/api/types.ts';
import type { LinuxContainerResources } from '../runtime-contract.ts';
import { qosClass } from './qos.ts';

/** Source: pkg/kubelet/cm/helpers_linux.go. */
const MIN_SHARES = 2;
const MAX_SHARES = 262_144;
const SHARES_PER_CPU = 1024;
const CPU_PERIOD_US = 100_000;
const MIN_QUOTA_US = 1000;

export interface NodeFacts {
  memoryBytes: number;
  milliCpus: number;
  /** The most negative oom_score_adj that this machine lets us set: containers in a sandbox may be refused any. */
  minOomScoreAdj: number;
  cgroups: 'v1' | 'v2';
  /** The kernel accounts for swap: without it a limit of it is refused. */
  swapAccounting: boolean;
}

export function containerResources(pod: Pod, container: Container, node: NodeFacts): LinuxContainerResources {
  const { requests, limits } = container.resources ?? {};
  const cpuLimit = milli(limits?.['cpu'] ?? pod.spec?.resources?.limits?.['cpu']);
  const cpuRequest = milli(requests?.['cpu'] ?? limits?.['cpu']);
  const memoryLimit = bytes(limits?.['memory'] ?? pod.spec?.resources?.limits?.['memory']);
  return {
    cpuShares: cpuShares(cpuRequest),
    ...cpuQuota(cpuLimit),
    ...(memoryLimit ? { memoryLimitInBytes: memoryLimit } : {}),
    // Memory and swap together no more than memory: no swap, as kubelet's default NoSwap.
    ...(memoryLimit && node.swapAccounting ? { memorySwapLimitInBytes: memoryLimit } : {}),
    oomScoreAdj: Math.max(node.minOomScoreAdj, oomScoreAdj(pod, container, node.memoryBytes)),
    ...hugepages(limits),
    // A limit set by an earlier agent with memory QoS must not stay behind.
    ...(node.cgroups === 'v2' ? { unified: { 'memory.high': 'max' } } : {}),
  };
}

export function cpuShares(milliCpu: number): number {
  return Math.min(MAX_SHARES, Math.max(MIN_SHARES, Math.floor((milliCpu * SHARES_PER_CPU) / 1000)));
}

export function cpuQuota(milliCpu: number): { cpuPeriod?: number; cpuQuota?: number } {
  if (milliCpu === 0) return {};
  const quota = Math.max(MIN_QUOTA_US, Math.floor((milliCpu * CPU_PERIOD_US) / 1000));
  return { cpuPeriod: CPU_PERIOD_US, cpuQuota: quota };
}

const GUARANTEED_OOM_SCORE_ADJ = -997;
const BEST_EFFORT_OOM_SCORE_ADJ = 1000;
/** system-node-critical. */
const NODE_CRITICAL_PRIORITY = 2_000_001_000;

/** Whom the kernel ends first. Source: pkg/kubelet/qos/policy.go. */
export function oomScoreAdj(pod: Pod, container: Container, memoryBytes: number): number {
  const qos = qosClass(pod);
  if (qos === 'Guaranteed' || (pod.spec?.priority ?? 0) >= NODE_CRITICAL_PRIORITY) return GUARANTEED_OOM_SCORE_ADJ;
  if (qos === 'BestEffort') return BEST_EFFORT_OOM_SCORE_ADJ;
  const request = bytes(container.resources?.requests?.['memory']);
  const score = 1000 - Math.floor((1000 * request) / memoryBytes);
  return Math.min(BEST_EFFORT_OOM_SCORE_ADJ - 1, Math.max(1000 + GUARANTEED_OOM_SCORE_ADJ, score));
}

function hugepages(
  limits: Record<string, string | number> | undefined,
): Pick<LinuxContainerResources, 'hugepageLimits'> {
  const sizes = Object.entries(limits ?? {}).filter(([name]) => name.startsWith('hugepages-'));
  if (sizes.length === 0) return {};
  return {
    hugepageLimits: sizes.map(([name, limit]) => ({
      pageSize: pageSize(name.slice('hugepages-'.length)),
      limit: bytes(limit),
    })),
  };
}

/** The kernel writes 2MB where Kubernetes says 2Mi. */
function pageSize(text: string): string {
  return text.replace(/i$/, 'B');
}

export function milli(quantity: string | number | undefined): number {
  return quantity === undefined ? 0 : parseQuantity(String(quantity)).milliValue();
}

export function bytes(quantity: string | number | undefined): number {
  return quantity === undefined ? 0 : parseQuantity(String(quantity)).value();
}
