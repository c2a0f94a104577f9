import type { ContainerStats } from '../../runtime-contract.ts';
import type { ServerContext } from '../server.ts';
import { NODE } from './cpu.ts';
import { type NodeUsage, nodeUsage } from './node.ts';
import { type PodStats, podStats, sum } from './pods.ts';
import type { CpuRates } from './rates.ts';

/** /stats/summary. Source: k8s.io/kubelet/pkg/apis/stats/v1alpha1. */
export async function summary(context: ServerContext): Promise<object> {
  const [node, pods] = await Promise.all([nodeUsage(), podStats(context)]);
  const time = new Date(context.clock.now()).toISOString();
  const { nodeName, rates, clock } = context;
  const nanoCores = rates.nanoCores(NODE, { atMs: clock.now(), coreNanoSeconds: node.cpuCoreNanoSeconds });
  return {
    node: nodeSummary(nodeName, node, nanoCores, time),
    pods: pods.map((pod) => podSummary(pod, rates, time)),
  };
}

function nodeSummary(nodeName: string, usage: NodeUsage, usageNanoCores: number | undefined, time: string): object {
  const workingSetBytes = usage.memoryTotalBytes - usage.memoryAvailableBytes;
  const fs = {
    time,
    ...usage.fs,
    usedBytes: usage.fs.capacityBytes - usage.fs.availableBytes,
    inodesUsed: usage.fs.inodes - usage.fs.inodesFree,
  };
  return {
    nodeName,
    startTime: new Date(usage.bootMs).toISOString(),
    cpu: { time, usageNanoCores, usageCoreNanoSeconds: usage.cpuCoreNanoSeconds },
    memory: { time, availableBytes: usage.memoryAvailableBytes, usageBytes: workingSetBytes, workingSetBytes },
    network: { time, name: '', rxBytes: usage.rxBytes, txBytes: usage.txBytes },
    fs,
    runtime: { imageFs: fs, containerFs: fs },
  };
}

function podSummary({ pod, containers }: PodStats, rates: CpuRates, time: string): object {
  const { name, namespace, uid } = pod.metadata ?? {};
  return {
    podRef: { name, namespace, uid },
    startTime: pod.status?.startTime,
    containers: containers.map(({ name, startedAt, stats }) => containerSummary(name, startedAt, stats, rates)),
    cpu: {
      time,
      usageNanoCores: sum(containers, (stats) => nanoCores(stats, rates)),
      usageCoreNanoSeconds: sum(containers, (stats) => stats.cpu?.usageCoreNanoSeconds),
    },
    memory: {
      time,
      usageBytes: sum(containers, (stats) => stats.memory?.usageBytes),
      workingSetBytes: sum(containers, (stats) => stats.memory?.workingSetBytes),
      rssBytes: sum(containers, (stats) => stats.memory?.rssBytes),
    },
  };
}

function nanoCores({ id, cpu }: ContainerStats, rates: CpuRates): number | undefined {
  return cpu && rates.nanoCores(id, { atMs: cpu.timestampMs, coreNanoSeconds: cpu.usageCoreNanoSeconds });
}

function containerSummary(name: string, startTime: string | undefined, stats: ContainerStats, rates: CpuRates): object {
  const { cpu, memory, writableLayer } = stats;
  const at = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());
  return {
    name,
    startTime,
    cpu: {
      time: at(cpu?.timestampMs),
      usageNanoCores: nanoCores(stats, rates),
      usageCoreNanoSeconds: cpu?.usageCoreNanoSeconds,
    },
    memory: {
      time: at(memory?.timestampMs),
      availableBytes: memory?.availableBytes,
      usageBytes: memory?.usageBytes,
      workingSetBytes: memory?.workingSetBytes,
      rssBytes: memory?.rssBytes,
      pageFaults: memory?.pageFaults,
      majorPageFaults: memory?.majorPageFaults,
    },
    rootfs: {
      time: at(writableLayer?.timestampMs),
      usedBytes: writableLayer?.usedBytes,
      inodesUsed: writableLayer?.inodesUsed,
    },
  };
}
