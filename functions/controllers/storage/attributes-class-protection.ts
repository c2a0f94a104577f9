import type { Stored } from '../../../lib/api/object.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { PersistentVolume, PersistentVolumeClaim, VolumeAttributesClass } from '../../../lib/api/types.ts';
import { type Controller, watch } from '../../../lib/client/controller.ts';
import {
  persistentVolumeClaims,
  persistentVolumes,
  volumeAttributesClasses,
} from '../../../lib/client/resource-type.ts';
import { type ControllerDependencies, hands } from '../dependencies.ts';

const FINALIZER = 'kubernetes.io/vac-protection';

/** A class that is deleted stays until no claim and no volume names it. */
export function createAttributesClassProtectionController(dependencies: ControllerDependencies): Controller {
  const cache = dependencies.caches.cache(volumeAttributesClasses);
  const own = hands(dependencies, 'volumeattributesclass-protection-controller');
  return {
    name: 'volumeattributesclass-protection',
    watches: [
      watch(volumeAttributesClasses, (item) => (item && needsWork(item) ? [item.metadata.name] : [])),
      // Whoever lets go of a class may have been its last user.
      watch(persistentVolumeClaims, (_, previous) => classesOfClaim(previous)),
      watch(persistentVolumes, (_, previous) => classesOfVolume(previous)),
    ],
    async reconcile(name) {
      const item = cache.get(name);
      if (!item || !needsWork(item)) return undefined;
      const finalizers = item.metadata.finalizers ?? [];
      if (!item.metadata.deletionTimestamp) await write(item, [...finalizers, FINALIZER]);
      else if (!(await isUsed(name)))
        await write(
          item,
          finalizers.filter((finalizer) => finalizer !== FINALIZER),
        );
      return undefined;
    },
  };

  /** Read live: a cache may lag behind a claim that was just made. */
  async function isUsed(name: string): Promise<boolean> {
    const claims = await own.client.list(persistentVolumeClaims);
    if (claims.items.some((claim) => classesOfClaim(claim).includes(name))) return true;
    const volumes = await own.client.list(persistentVolumes);
    return volumes.items.some((volume) => classesOfVolume(volume).includes(name));
  }

  async function write(item: Stored<VolumeAttributesClass>, finalizers: string[]): Promise<void> {
    try {
      await own.client.update(volumeAttributesClasses, { ...item, metadata: { ...item.metadata, finalizers } });
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
    }
  }
}

function needsWork({ metadata }: Stored<VolumeAttributesClass>): boolean {
  const protectedNow = metadata.finalizers?.includes(FINALIZER) === true;
  return metadata.deletionTimestamp ? protectedNow : !protectedNow;
}

/** The class a claim asks for, the one it has, and the one it is on its way to. */
function classesOfClaim(claim: Pick<PersistentVolumeClaim, 'spec' | 'status'> | undefined): string[] {
  const { currentVolumeAttributesClassName, modifyVolumeStatus } = claim?.status ?? {};
  return named(
    claim?.spec?.volumeAttributesClassName,
    currentVolumeAttributesClassName,
    modifyVolumeStatus?.targetVolumeAttributesClassName,
  );
}

function classesOfVolume(volume: Pick<PersistentVolume, 'spec'> | undefined): string[] {
  return named(volume?.spec?.volumeAttributesClassName);
}

function named(...names: (string | undefined)[]): string[] {
  return names.filter((name): name is string => Boolean(name));
}
