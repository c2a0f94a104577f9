import type { Clock } from '../../../lib/runtime/clock.ts';
import type { Log } from '../../context.ts';
import type { Runtime } from '../../runtime-contract.ts';
import { nodeUsage } from './node.ts';
import { CpuRates, type CpuSample } from './rates.ts';

/** The node among the containers' ids. */
export const NODE = '';

/** Rates of the node and of every container that runs on it. */
export function cpuRates({ runtime, clock, log }: { runtime: Runtime; clock: Clock; log: Log }): CpuRates {
  const read = async (): Promise<ReadonlyMap<string, CpuSample>> => {
    const [containers, node] = await Promise.all([runtime.listContainerStats(), nodeUsage()]);
    const samples = new Map<string, CpuSample>();
    for (const { id, cpu } of containers) {
      if (cpu) samples.set(id, { atMs: cpu.timestampMs, coreNanoSeconds: cpu.usageCoreNanoSeconds });
    }
    return samples.set(NODE, { atMs: clock.now(), coreNanoSeconds: node.cpuCoreNanoSeconds });
  };
  return new CpuRates(read, clock, (error) => log('what containers use cannot be read', { error }));
}
