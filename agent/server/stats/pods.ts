import type { Pod } from '../../../lib/api/types.ts';
import { CONTAINER_NAME_LABEL, POD_UID_LABEL } from '../../pods/labels.ts';
import type { ContainerStats } from '../../runtime-contract.ts';
import type { ServerContext } from '../server.ts';

export interface PodStats {
  pod: Pod;
  containers: { name: string; startedAt: string | undefined; stats: ContainerStats }[];
}

/** What the runtime measures, by pod. Containers that have ended use nothing and are left out. */
export async function podStats({ runtime, pods }: ServerContext): Promise<PodStats[]> {
  const all = await runtime.listContainerStats();
  const byPod = Map.groupBy(all, (stats) => stats.labels[POD_UID_LABEL] ?? '');
  return pods.list().flatMap((pod) => {
    const measured = byPod.get(pod.metadata?.uid ?? '') ?? [];
    const containers = measured
      .filter((stats) => stats.cpu && stats.memory)
      .map((stats) => {
        const name = stats.labels[CONTAINER_NAME_LABEL] ?? stats.metadata.name;
        return { name, startedAt: startedAt(pod, name), stats };
      });
    return containers.length > 0 ? [{ pod, containers }] : [];
  });
}

function startedAt(pod: Pod, name: string): string | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const status = [...containerStatuses, ...initContainerStatuses].find((container) => container.name === name);
  return status?.state?.running?.startedAt;
}

export function sum(containers: PodStats['containers'], of: (stats: ContainerStats) => number | undefined): number {
  return containers.reduce((total, { stats }) => total + (of(stats) ?? 0), 0);
}
