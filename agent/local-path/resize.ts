import { keyOf, type Stored } from '../../lib/api/object.ts';
import { compareQuantities } from '../../lib/api/quantity.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../lib/api/types.ts';
import { isFullyBound, requestedBytes } from '../../lib/api/volumes/claim.ts';
import { expandedStatus, FILE_SYSTEM_PENDING, pendingStatus } from '../../lib/api/volumes/expansion.ts';
import { type Controller, watch } from '../../lib/client/controller.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../lib/client/resource-type.ts';
import { timestamp } from '../../lib/runtime/clock.ts';
import type { LocalPathParts } from './local-path.ts';
import { isOurs } from './volume.ts';

/** Grows volumes of this node's disk whose claims ask for more: the content, then the volume, then the claim's status. */
export function createResizer({
  client,
  caches,
  recorder,
  nodeName,
  store,
  clock,
  growFileSystem,
}: LocalPathParts): Controller {
  const claims = caches.cache(persistentVolumeClaims);
  const volumes = caches.cache(persistentVolumes);
  return {
    name: 'local-path-resizer',
    watches: [watch(persistentVolumeClaims, (claim) => (claim && wantsMore(claim) ? [keyOf(claim)] : []))],
    async reconcile(key) {
      const claim = claims.get(key);
      const volume = claim && volumes.get(claim.spec?.volumeName ?? '');
      if (!claim || !volume || !wantsMore(claim) || !isOurs(volume, nodeName)) return undefined;
      await resize(claim, volume, claim.spec!.resources!.requests!['storage']!);
      return undefined;
    },
  };

  async function resize(claim: Stored<PersistentVolumeClaim>, volume: Stored<PersistentVolume>, storage: string) {
    recorder.normal(claim, 'Resizing', `External resizer is resizing volume ${volume.metadata.name}`);
    await store.grow(volume.metadata.name, requestedBytes(claim.spec));
    const grown = await growFileSystem(volume);
    if (compareQuantities(volume.spec?.capacity?.['storage'] ?? '0', storage) < 0) {
      await client.update(persistentVolumes, { ...volume, spec: { ...volume.spec, capacity: { storage } } });
    }
    const status = grown ? expandedStatus(claim, storage) : pendingStatus(claim, timestamp(clock));
    await client.update(persistentVolumeClaims, { ...claim, status }, { subresource: 'status' });
    if (grown) recorder.normal(claim, 'VolumeResizeSuccessful', 'Resize volume succeeded');
    else recorder.normal(claim, 'FileSystemResizeRequired', 'Require file system resize of volume on node');
  }
}

function wantsMore(claim: Stored<PersistentVolumeClaim>): boolean {
  const has = claim.status?.capacity?.['storage'];
  const wanted = claim.spec?.resources?.requests?.['storage'];
  const pending = claim.status?.conditions?.some(({ type }) => type === FILE_SYSTEM_PENDING);
  return (
    !pending && isFullyBound(claim) && has !== undefined && wanted !== undefined && compareQuantities(wanted, has) > 0
  );
}
