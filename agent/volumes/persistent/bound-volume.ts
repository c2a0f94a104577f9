import type { Stored } from '../../../lib/api/object.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../../../lib/api/types.ts';
import { claimName, isForPod } from '../../../lib/api/volumes/claim.ts';
import type { Client } from '../../../lib/client/client.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../../lib/client/resource-type.ts';
import { VolumeError } from '../payload.ts';

export interface BoundVolume {
  claim: Stored<PersistentVolumeClaim>;
  volume: Stored<PersistentVolume>;
}

/** The volume behind a pod's claim, read from the API. Source: desired_state_of_world_populator.go getPVCExtractPV. */
export async function boundVolume(client: Client, pod: Pod, podVolume: Volume): Promise<BoundVolume> {
  const namespace = pod.metadata?.namespace ?? '';
  const name = claimName(pod, podVolume)!;
  const claim = await client.get(persistentVolumeClaims, { namespace, name }).catch((error: unknown) => {
    throw isReason(error, 'NotFound') ? new VolumeError(`persistentvolumeclaim "${name}" not found`) : error;
  });
  if (podVolume.ephemeral && !isForPod(claim, pod)) {
    const why = `PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata?.name} (pod is not owner)`;
    throw new VolumeError(why);
  }
  if (claim.metadata.deletionTimestamp) throw new VolumeError('PVC is being deleted');
  const volumeName = claim.spec?.volumeName;
  if (!volumeName || claim.status?.phase !== 'Bound') throw new VolumeError('PVC is not bound');
  const volume = await client.get(persistentVolumes, { name: volumeName });
  if (volume.spec?.claimRef?.uid === claim.metadata.uid) return { claim, volume };
  throw new VolumeError(`failed to fetch PV "${volumeName}" from API server: PV.Spec.ClaimRef.UID is not the PVC's`);
}
