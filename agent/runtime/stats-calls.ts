import type * as runtime from '../runtime-contract.ts';
import { type Connection, orUndefined } from './connection.ts';
import * as convert from './convert.ts';
import * as cri from './cri/api.ts';

const methods = cri.RuntimeServiceDefinition.methods;

export function statsCalls(connection: Connection): Pick<runtime.Runtime, 'containerStats' | 'listContainerStats'> {
  return {
    async containerStats(containerId) {
      const answer = await orUndefined(connection.call(methods.containerStats, { containerId }));
      return answer?.stats && fromStats(answer.stats);
    },
    async listContainerStats(filter = {}) {
      const answer = await connection.call(methods.listContainerStats, { filter });
      return (answer.stats ?? []).map(fromStats);
    },
  };
}

function fromStats(stats: cri.ContainerStats): runtime.ContainerStats {
  const { id = '', metadata, labels = {} } = stats.attributes ?? {};
  return {
    id,
    metadata: { name: metadata?.name ?? '', attempt: metadata?.attempt ?? 0 },
    labels,
    ...(stats.cpu ? { cpu: fromCpu(stats.cpu) } : {}),
    ...(stats.memory ? { memory: fromMemory(stats.memory) } : {}),
    ...(stats.writableLayer ? { writableLayer: convert.fromFilesystem(stats.writableLayer) } : {}),
  };
}

function fromCpu(cpu: cri.CpuUsage): NonNullable<runtime.ContainerStats['cpu']> {
  return convert.present({
    timestampMs: convert.milliseconds(cpu.timestamp),
    usageCoreNanoSeconds: convert.count(cpu.usageCoreNanoSeconds) ?? 0,
    usageNanoCores: convert.count(cpu.usageNanoCores),
  });
}

function fromMemory(memory: cri.MemoryUsage): NonNullable<runtime.ContainerStats['memory']> {
  return convert.present({
    timestampMs: convert.milliseconds(memory.timestamp),
    workingSetBytes: convert.count(memory.workingSetBytes) ?? 0,
    usageBytes: convert.count(memory.usageBytes),
    availableBytes: convert.count(memory.availableBytes),
    rssBytes: convert.count(memory.rssBytes),
    pageFaults: convert.count(memory.pageFaults),
    majorPageFaults: convert.count(memory.majorPageFaults),
  });
}
