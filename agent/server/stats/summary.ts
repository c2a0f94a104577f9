import type { ContainerStats } from '../../runtime-contract.ts';
import type { ServerContext } from '../server.ts';
import { type NodeUsage, nodeUsage } from './node.ts';
import { type PodStats, podStats, sum } from './pods.ts';

/** /stats/summary. Source: k8s.io/kubelet/pkg/apis/stats/v1alpha1. */
export async function summary(context: ServerContext): Promise<object> {
  const [node, pods] = await Promise.all([nodeUsage(), podStats(context)]);
  const time = new Date(context.clock.now()).toISOString();
  return { node: nodeSummary(context.nodeName, node, time), pods: pods.map((pod) => podSummary(pod, time)) };
}

function nodeSummary(nodeName: string, usage: NodeUsage, time: string): object {
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
    cpu: { time, usageCoreNanoSeconds: usage.cpuCoreNanoSeconds },
    memory: { time, availableBytes: usage.memoryAvailableBytes, usageBytes: workingSetBytes, workingSetBytes },
    network: { time, name: '', rxBytes: usage.rxBytes, txBytes: usage.txBytes },
    fs,
    runtime: { imageFs: fs, containerFs: fs },
  };
}

function podSummary({ pod, containers }: PodStats, time: string): object {
  const { name, namespace, uid } = pod.metadata ?? {};
  return {
    podRef: { name, namespace, uid },
    startTime: pod.status?.startTime,
    containers: containers.map(({ name, startedAt, stats }) => containerSummary(name, startedAt, stats)),
    cpu: {
      time,
      usageNanoCores: sum(containers, (stats) => stats.cpu?.usageNanoCores),
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

function containerSummary(name: string, startTime: string | undefined, stats: ContainerStats): object {
  const { cpu, memory, writableLayer } = stats;
  const at = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());
  return {
    name,
    startTime,
    cpu: {
      time: at(cpu?.timestampMs),
      usageNanoCores: cpu?.usageNanoCores,
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
