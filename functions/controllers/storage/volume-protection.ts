import type { Stored } from '../../../lib/api/object.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { PersistentVolume } from '../../../lib/api/types.ts';
import { type Controller, watch } from '../../../lib/client/controller.ts';
import { persistentVolumes } from '../../../lib/client/resource-type.ts';
import { type ControllerDependencies, hands } from '../dependencies.ts';

const FINALIZER = 'kubernetes.io/pv-protection';

/** A volume that is deleted stays while it is bound. */
export function createVolumeProtectionController(dependencies: ControllerDependencies): Controller {
  const cache = dependencies.caches.cache(persistentVolumes);
  const own = hands(dependencies, 'pv-protection-controller');
  return {
    name: 'pv-protection',
    watches: [watch(persistentVolumes, (volume) => (volume && nextFinalizers(volume) ? [volume.metadata.name] : []))],
    async reconcile(name) {
      const volume = cache.get(name);
      const finalizers = volume && nextFinalizers(volume);
      if (!volume || !finalizers) return undefined;
      try {
        await own.client.update(persistentVolumes, { ...volume, metadata: { ...volume.metadata, finalizers } });
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error;
      }
      return undefined;
    },
  };
}

/** Undefined: as it should be. */
function nextFinalizers({ metadata, status }: Stored<PersistentVolume>): string[] | undefined {
  const finalizers = metadata.finalizers ?? [];
  const protectedNow = finalizers.includes(FINALIZER);
  if (!metadata.deletionTimestamp) return protectedNow ? undefined : [...finalizers, FINALIZER];
  return protectedNow && status?.phase !== 'Bound'
    ? finalizers.filter((finalizer) => finalizer !== FINALIZER)
    : undefined;
}
