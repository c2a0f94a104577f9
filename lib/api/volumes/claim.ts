import type { Stored } from '../object.ts';
import { parseQuantity } from '../quantity.ts';
import type {
  ObjectMeta,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  Pod,
  StorageClass,
  Volume,
} from '../types.ts';
import { BETA_STORAGE_CLASS, BIND_COMPLETED, DEFAULT_CLASS } from './annotations.ts';

type Classed = { metadata?: ObjectMeta | undefined; spec?: { storageClassName?: string | undefined } | undefined };

/** The class of a claim or of a volume; empty: none. */
export function classOf({ metadata, spec }: Classed): string {
  return metadata?.annotations?.[BETA_STORAGE_CLASS] ?? spec?.storageClassName ?? '';
}

/** A claim that names no class at all, not even the empty one: the default one is meant for it. */
export function lacksClass({ metadata, spec }: PersistentVolumeClaim): boolean {
  return spec?.storageClassName === undefined && metadata?.annotations?.[BETA_STORAGE_CLASS] === undefined;
}

/** The newest of the default ones; of equals the first by name, as admission chooses. */
export function defaultClass(classes: readonly Stored<StorageClass>[]): Stored<StorageClass> | undefined {
  return classes
    .filter(({ metadata }) => DEFAULT_CLASS.some((annotation) => metadata.annotations?.[annotation] === 'true'))
    .sort(
      (a, b) =>
        b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp) ||
        a.metadata.name.localeCompare(b.metadata.name),
    )[0];
}

export function requestedBytes(spec: PersistentVolumeClaimSpec | undefined): number {
  return parseQuantity(spec?.resources?.requests?.['storage'] ?? '0').value();
}

export function capacityBytes({ spec }: Pick<PersistentVolume, 'spec'>): number {
  return parseQuantity(spec?.capacity?.['storage'] ?? '0').value();
}

/** Both sides agree. */
export function isFullyBound({ metadata, spec }: PersistentVolumeClaim): boolean {
  return Boolean(spec?.volumeName) && metadata?.annotations?.[BIND_COMPLETED] !== undefined;
}

/** The claim behind a pod's volume: named, or made for the pod alone. */
export function claimName(pod: Pick<Pod, 'metadata'>, volume: Volume): string | undefined {
  if (volume.ephemeral) return ephemeralClaimName(pod, volume);
  return volume.persistentVolumeClaim?.claimName;
}

export function ephemeralClaimName({ metadata }: Pick<Pod, 'metadata'>, { name }: Volume): string {
  return `${metadata?.name}-${name}`;
}

export function claimNames(pod: Pick<Pod, 'metadata' | 'spec'>): string[] {
  return (pod.spec?.volumes ?? []).flatMap((volume) => claimName(pod, volume) ?? []);
}

/** Index of pods by the claims they use, each `NAMESPACE/NAME`. */
export const BY_CLAIM = 'claim';

export function claimKeys(pod: Pick<Pod, 'metadata' | 'spec'>): string[] {
  return claimNames(pod).map((name) => `${pod.metadata?.namespace}/${name}`);
}

/** Whether an ephemeral claim was made for this very pod. Source: ephemeral.VolumeIsForPod. */
export function isForPod(claim: Stored<PersistentVolumeClaim>, pod: Pick<Pod, 'metadata'>): boolean {
  return (
    claim.metadata.ownerReferences?.some(({ controller, uid }) => controller && uid === pod.metadata?.uid) === true
  );
}

export const isDelayed = (storageClass: StorageClass | undefined): boolean =>
  storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
