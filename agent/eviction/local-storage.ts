import { parseQuantity, Quantity } from '../../lib/api/quantity.ts';
import { limitsOf, podAmounts } from '../../lib/api/scheduling/pod-requests.ts';
import type { Pod, Volume } from '../../lib/api/types.ts';
import type { PodUsage } from './rank.ts';

/** Bytes of each of a pod's emptyDirs, by the volume's name. */
export type EmptyDirUsage = ReadonlyMap<string, number>;

/** Whether anything of the pod has a limit on the node's disk. */
export function hasStorageLimits({ spec }: Pod): boolean {
  const limited = spec?.containers.some(({ resources }) => resources?.limits?.['ephemeral-storage'] !== undefined);
  return limited || (spec?.volumes ?? []).some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined);
}

/** Why a pod has to go that took more of the disk than it may; undefined: it did not. Source: localStorageEviction in eviction_manager.go. */
export function overStorageLimit(usage: PodUsage, emptyDirs: EmptyDirUsage): string | undefined {
  return emptyDirOver(usage.pod, emptyDirs) ?? podOver(usage) ?? containerOver(usage);
}

function emptyDirOver({ spec }: Pod, emptyDirs: EmptyDirUsage): string | undefined {
  const over = (spec?.volumes ?? []).find((volume) => (emptyDirs.get(volume.name) ?? 0) > sizeLimit(volume));
  return over && `Usage of EmptyDir volume "${over.name}" exceeds the limit "${over.emptyDir!.sizeLimit}". `;
}

function sizeLimit({ emptyDir }: Volume): number {
  const limit = emptyDir?.sizeLimit;
  return limit === undefined
    ? Number.POSITIVE_INFINITY
    : parseQuantity(String(limit)).value() || Number.POSITIVE_INFINITY;
}

/** All containers together, if each has a limit. */
function podOver({ pod, diskBytes }: PodUsage): string | undefined {
  const spec = pod.spec!;
  if (spec.containers.some(({ resources }) => resources?.limits?.['ephemeral-storage'] === undefined)) return undefined;
  const limit = podAmounts(spec, limitsOf, spec.resources?.limits).get('ephemeral-storage') ?? 0;
  if (diskBytes <= limit) return undefined;
  return `Pod ephemeral local storage usage exceeds the total limit of containers ${Quantity.of(limit, 'BinarySI')}. `;
}

function containerOver({ pod, containers }: PodUsage): string | undefined {
  for (const { name, diskBytes } of containers) {
    const limit = pod.spec!.containers.find((one) => one.name === name)?.resources?.limits?.['ephemeral-storage'];
    if (limit === undefined || diskBytes <= parseQuantity(String(limit)).value()) continue;
    return `Container ${name} exceeded its local ephemeral storage limit "${limit}". `;
  }
  return undefined;
}
