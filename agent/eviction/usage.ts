import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../../lib/api/types.ts';
import type { AgentContext } from '../context.ts';
import { CONTAINER_NAME_LABEL, POD_UID_LABEL } from '../pods/labels.ts';
import { podLogsFolder, podRef, volumeFolder } from '../pods/paths.ts';
import type { ContainerStats } from '../runtime-contract.ts';
import type { EmptyDirUsage } from './local-storage.ts';
import type { ContainerUsage, PodUsage } from './rank.ts';

/** What these pods use, by what the runtime measures and what lies in their folders. */
export async function readUsage(
  { runtime, config }: AgentContext,
  pods: readonly Pod[],
): Promise<{ usage: PodUsage; emptyDirs: EmptyDirUsage }[]> {
  const stats = Map.groupBy(await runtime.listContainerStats(), ({ labels }) => labels[POD_UID_LABEL] ?? '');
  return Promise.all(
    pods.map(async (pod) => {
      const ref = podRef(pod);
      const logs = podLogsFolder(config.logsDir, ref);
      const containers = await Promise.all((stats.get(ref.uid) ?? []).map((one) => containerUsage(one, logs)));
      const emptyDirs = await emptyDirUsage(pod, config.podsDir);
      const sum = (of: (one: ContainerUsage) => number) => containers.reduce((total, one) => total + of(one), 0);
      const inEmptyDirs = [...emptyDirs.values()].reduce((total, bytes) => total + bytes, 0);
      const memoryBytes = sum((one) => one.memoryBytes);
      return {
        usage: { pod, memoryBytes, diskBytes: sum((one) => one.diskBytes) + inEmptyDirs, containers },
        emptyDirs,
      };
    }),
  );
}

async function containerUsage(
  { labels, metadata, memory, writableLayer }: ContainerStats,
  logs: string,
): Promise<ContainerUsage> {
  const name = labels[CONTAINER_NAME_LABEL] ?? metadata.name;
  const diskBytes = (writableLayer?.usedBytes ?? 0) + (await diskUsage(join(logs, name)));
  return { name, memoryBytes: memory?.workingSetBytes ?? 0, diskBytes };
}

/** Those on the disk: memory is counted with the containers that wrote it. */
async function emptyDirUsage(pod: Pod, podsDir: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const { name, emptyDir } of pod.spec?.volumes ?? []) {
    if (!emptyDir || emptyDir.medium === 'Memory') continue;
    found.set(name, await diskUsage(volumeFolder(podsDir, pod.metadata!.uid!, 'empty-dir', name)));
  }
  return found;
}

/** stat(2): blocks are of 512 bytes, whatever the file system's own. */
const BLOCK_BYTES = 512;

/** What a folder and all below it take of the disk; what vanishes meanwhile takes nothing. */
export async function diskUsage(path: string): Promise<number> {
  const stats = await lstat(path).catch(unlessGone);
  if (!stats) return 0;
  let bytes = stats.blocks * BLOCK_BYTES;
  if (!stats.isDirectory()) return bytes;
  for (const name of (await readdir(path).catch(unlessGone)) ?? []) bytes += await diskUsage(join(path, name));
  return bytes;
}

function unlessGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
}
