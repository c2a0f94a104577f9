import { chmod, mkdir } from 'node:fs/promises';
import { parseQuantity } from '../../lib/api/quantity.ts';
import type { EmptyDirVolumeSource, Pod } from '../../lib/api/types.ts';
import type { Mounter } from './mount.ts';

/** Everybody may write. Source: pkg/volume/emptydir perm. */
const MODE = 0o777;

/** A folder, or memory: then no larger than its limit, or what the pod may use of memory. */
export async function setUpEmptyDir(
  folder: string,
  source: EmptyDirVolumeSource,
  pod: Pod,
  mounter: Mounter,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (source.medium === 'Memory' && !(await mounter.below(folder)).includes(folder)) {
    const bytes = sizeBytes(source, pod);
    await mounter.tmpfs(folder, bytes ? [`size=${bytes}`] : []);
  }
  await chmod(folder, MODE);
}

function sizeBytes(source: EmptyDirVolumeSource, pod: Pod): number | undefined {
  const sizes = [bytesOf(source.sizeLimit), podMemory(pod)].filter((size) => size !== undefined && size > 0);
  return sizes.length ? Math.min(...(sizes as number[])) : undefined;
}

/** All containers' memory limits together, if each has one. */
function podMemory(pod: Pod): number | undefined {
  const limits = (pod.spec?.containers ?? []).map(({ resources }) => bytesOf(resources?.limits?.['memory']));
  if (limits.includes(undefined)) return undefined;
  return (limits as number[]).reduce((sum, bytes) => sum + bytes, 0);
}

function bytesOf(quantity: string | number | undefined): number | undefined {
  return quantity === undefined ? undefined : parseQuantity(String(quantity)).value();
}
