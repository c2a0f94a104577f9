import type { Stored } from '../../../../lib/api/object.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../../../lib/api/types.ts';
import {
  BIND_COMPLETED,
  NO_PROVISIONER,
  PROVISIONED_BY,
  SELECTED_NODE,
} from '../../../../lib/api/volumes/annotations.ts';
import { isVolumeFor } from '../../../../lib/api/volumes/bind.ts';
import { classOf, isDelayed } from '../../../../lib/api/volumes/claim.ts';
import { findMatchingVolume, mismatch } from '../../../../lib/api/volumes/match-volume.ts';

export interface Told {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

export type ClaimPlan =
  | { do: 'bind'; volume: Stored<PersistentVolume> }
  /** Whoever serves the class makes the volume. */
  | { do: 'provision'; provisioner: string }
  | { do: 'wait'; event?: Told }
  | { do: 'lose'; event: Told };

export interface ClaimWorld {
  volume(name: string): Stored<PersistentVolume> | undefined;
  volumes(): readonly Stored<PersistentVolume>[];
  storageClass(name: string): Stored<StorageClass> | undefined;
  /** Pods that use the claim and have no node yet. */
  waitingPods(): readonly string[];
}

/** What is next for a claim. Source: pv_controller.go syncClaim. */
export function planClaim(claim: Stored<PersistentVolumeClaim>, world: ClaimWorld): ClaimPlan {
  const bound = claim.metadata.annotations?.[BIND_COMPLETED] !== undefined;
  if (bound) return planBound(claim, world);
  const name = claim.spec?.volumeName;
  return name ? planNamed(claim, world.volume(name)) : planUnbound(claim, world);
}

function planBound(claim: Stored<PersistentVolumeClaim>, world: ClaimWorld): ClaimPlan {
  const name = claim.spec?.volumeName;
  if (!name)
    return lost('ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!');
  const volume = world.volume(name);
  if (!volume) return lost('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!');
  const ref = volume.spec?.claimRef;
  if (!ref || ref.uid === claim.metadata.uid) return { do: 'bind', volume };
  if (!ref.uid && isVolumeFor(volume, claim)) return { do: 'bind', volume };
  return lost('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly');
}

function lost(reason: string, message: string): ClaimPlan {
  return { do: 'lose', event: { type: 'Warning', reason, message } };
}

function planNamed(claim: Stored<PersistentVolumeClaim>, volume: Stored<PersistentVolume> | undefined): ClaimPlan {
  if (!volume) return { do: 'wait' };
  const { name } = volume.metadata;
  if (!volume.spec?.claimRef) {
    const why = mismatch(volume, claim);
    return why
      ? waitSaying('Warning', 'VolumeMismatch', `Cannot bind to requested volume "${name}": ${why}`)
      : { do: 'bind', volume };
  }
  if (isVolumeFor(volume, claim)) return { do: 'bind', volume };
  return waitSaying('Warning', 'FailedBinding', `volume "${name}" already bound to a different claim.`);
}

function planUnbound(claim: Stored<PersistentVolumeClaim>, world: ClaimWorld): ClaimPlan {
  const className = classOf(claim);
  const storageClass = className ? world.storageClass(className) : undefined;
  const selected = claim.metadata.annotations?.[SELECTED_NODE] !== undefined;
  const delayed = isDelayed(storageClass) && !selected;
  const volume = findMatchingVolume(claim, world.volumes(), { onlyReserved: isDelayed(storageClass) && !selected });
  if (volume) return { do: 'bind', volume };
  if (delayed) return delayedEvent(world.waitingPods());
  if (className) return planProvision(className, storageClass);
  const why = 'no persistent volumes available for this claim and no storage class is set';
  return waitSaying('Normal', 'FailedBinding', why);
}

function delayedEvent(pods: readonly string[]): ClaimPlan {
  if (pods.length === 0) {
    return waitSaying('Normal', 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding');
  }
  const plural = pods.length > 1 ? 'pods' : 'pod';
  return waitSaying('Normal', 'WaitForPodScheduled', `waiting for ${plural} ${pods.join(',')} to be scheduled`);
}

function planProvision(name: string, storageClass: StorageClass | undefined): ClaimPlan {
  if (!storageClass) {
    return waitSaying('Warning', 'ProvisioningFailed', `storageclass.storage.k8s.io "${name}" not found`);
  }
  const { provisioner } = storageClass;
  // Those were part of Kubernetes once; all there is now comes from outside.
  if (provisioner === NO_PROVISIONER || provisioner.startsWith('kubernetes.io/')) {
    return waitSaying('Warning', 'ProvisioningFailed', `no volume plugin matched name: ${provisioner}`);
  }
  return { do: 'provision', provisioner };
}

function waitSaying(type: Told['type'], reason: string, message: string): ClaimPlan {
  return { do: 'wait', event: { type, reason, message } };
}

/** A volume that nobody asked for by hand. */
export const isProvisioned = ({ metadata }: Stored<PersistentVolume>): boolean =>
  metadata.annotations?.[PROVISIONED_BY] !== undefined;
