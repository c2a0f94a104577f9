import type { Stored } from '../../lib/api/object.ts';
import { isReason } from '../../lib/api/status.ts';
import type { PersistentVolume } from '../../lib/api/types.ts';
import { type Controller, watch } from '../../lib/client/controller.ts';
import { persistentVolumes } from '../../lib/client/resource-type.ts';
import type { LocalPathParts } from './local-path.ts';
import { FINALIZER, isOurs } from './volume.ts';

const IN_USE_MS = 1000;

/** Removes what a released volume held, then the volume. Key: a volume. */
export function createReclaimer({ client, caches, recorder, nodeName, store, inUse }: LocalPathParts): Controller {
  const volumes = caches.cache(persistentVolumes);
  const isDue = (volume: Stored<PersistentVolume>) => isOurs(volume, nodeName) && isReclaimed(volume);
  return {
    name: 'local-path-reclaimer',
    watches: [watch(persistentVolumes, (volume) => (volume && isDue(volume) ? [volume.metadata.name] : []))],
    async reconcile(name) {
      const seen = volumes.get(name);
      if (!seen || !isDue(seen)) return undefined;
      // What is removed does not come back: the API must say the same as the cache.
      const volume = await client.get(persistentVolumes, { name }).catch(absent);
      if (!volume || volume.metadata.uid !== seen.metadata.uid || !isDue(volume)) return undefined;
      // The pod has ended for the API before its folders are gone.
      if (await inUse(name)) return { requeueAfterMs: IN_USE_MS };
      try {
        await store.remove(name);
      } catch (error) {
        recorder.warning(volume, 'VolumeFailedDelete', error instanceof Error ? error.message : String(error));
        throw error;
      }
      await client.delete(persistentVolumes, { name }, { uid: volume.metadata.uid }).catch(absent);
      await release(name, volume.metadata.uid);
      return undefined;
    },
  };

  async function release(name: string, uid: string): Promise<void> {
    const volume = await client.get(persistentVolumes, { name }).catch(absent);
    if (!volume || volume.metadata.uid !== uid) return;
    const finalizers = volume.metadata.finalizers?.filter((finalizer) => finalizer !== FINALIZER) ?? [];
    const metadata = { ...volume.metadata, finalizers };
    await client.update(persistentVolumes, { ...volume, metadata }).catch(absent);
  }
}

/** Its claim is gone, and it is not to be kept. */
function isReclaimed({ spec, status, metadata }: Stored<PersistentVolume>): boolean {
  if (spec?.persistentVolumeReclaimPolicy !== 'Delete') return false;
  const free = status?.phase === 'Released' || (metadata.deletionTimestamp !== undefined && status?.phase !== 'Bound');
  return free && (metadata.deletionTimestamp === undefined || metadata.finalizers?.includes(FINALIZER) === true);
}

function absent(error: unknown): undefined {
  if (!isReason(error, 'NotFound')) throw error;
}
