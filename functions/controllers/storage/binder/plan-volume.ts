import type { Stored } from '../../../../lib/api/object.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../../../lib/api/types.ts';
import { modeOf } from '../../../../lib/api/volumes/match-volume.ts';
import { isProvisioned, type Told } from './plan-claim.ts';

export type VolumePlan =
  | { do: 'phase'; phase: string }
  /** Its claim is gone: what becomes of the content. */
  | { do: 'release'; failure?: Told }
  /** Its claim went elsewhere. */
  | { do: 'unbind' }
  /** The claim's turn. */
  | { do: 'nothing'; events?: { volume: Told; claim: Told } };

/** `claim`: the one that the volume's claimRef means, by name and uid. Source: pv_controller.go syncVolume. */
export function planVolume(
  volume: Stored<PersistentVolume>,
  claim: Stored<PersistentVolumeClaim> | undefined,
): VolumePlan {
  const ref = volume.spec?.claimRef;
  if (!ref?.uid) return { do: 'phase', phase: 'Available' };
  if (!claim) return release(volume);
  if (claim.spec?.volumeName === volume.metadata.name) return { do: 'phase', phase: 'Bound' };
  if (!claim.spec?.volumeName)
    return modeOf(volume.spec) === modeOf(claim.spec) ? { do: 'nothing' } : modeMismatch(volume, claim);
  const surplus = isProvisioned(volume) && volume.spec?.persistentVolumeReclaimPolicy === 'Delete';
  return surplus ? release(volume) : { do: 'unbind' };
}

function modeMismatch(volume: Stored<PersistentVolume>, claim: Stored<PersistentVolumeClaim>): VolumePlan {
  const why = 'due to incompatible volumeMode.';
  const told = (message: string): Told => ({ type: 'Warning', reason: 'VolumeMismatch', message });
  return {
    do: 'nothing',
    events: {
      volume: told(`Cannot bind PersistentVolume to requested PersistentVolumeClaim "${claim.metadata.name}" ${why}`),
      claim: told(`Cannot bind PersistentVolume "${volume.metadata.name}" to requested PersistentVolumeClaim ${why}`),
    },
  };
}

/** Who provisioned a volume deletes it. For those that somebody made by hand there is nobody who could. */
function release(volume: Stored<PersistentVolume>): VolumePlan {
  const { persistentVolumeReclaimPolicy: policy, csi, hostPath } = volume.spec ?? {};
  if (policy === 'Recycle') return failed('VolumeFailedRecycle', 'No recycler plugin found for the volume!');
  if (policy !== 'Delete' || isProvisioned(volume) || csi) return { do: 'release' };
  const path = `host_path deleter only supports /tmp/.+ but received provided ${hostPath?.path}`;
  const none = `error getting deleter volume plugin for volume "${volume.metadata.name}": no deletable volume plugin matched`;
  return failed('VolumeFailedDelete', hostPath ? path : none);
}

function failed(reason: string, message: string): VolumePlan {
  return { do: 'release', failure: { type: 'Warning', reason, message } };
}
