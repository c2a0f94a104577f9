import type { Stored } from '../object.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../types.ts';
import { BIND_COMPLETED, BOUND_BY_CONTROLLER } from './annotations.ts';

/** The volume is meant for the claim: by name, and by uid if it says one. */
export function isVolumeFor({ spec }: Pick<PersistentVolume, 'spec'>, claim: Stored<PersistentVolumeClaim>): boolean {
  const ref = spec?.claimRef;
  if (!ref || ref.name !== claim.metadata.name || ref.namespace !== claim.metadata.namespace) return false;
  return !ref.uid || ref.uid === claim.metadata.uid;
}

/** The volume with its side of the binding; undefined: it has it. Source: GetBindVolumeToClaim. */
export function volumeBoundTo(
  volume: Stored<PersistentVolume>,
  claim: Stored<PersistentVolumeClaim>,
): Stored<PersistentVolume> | undefined {
  const meant = isVolumeFor(volume, claim);
  if (meant && volume.spec?.claimRef?.uid) return undefined;
  const { namespace, name, uid, resourceVersion } = claim.metadata;
  const claimRef = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid, resourceVersion };
  // Who was not meant for it from the start may be let go again.
  const annotations = meant
    ? volume.metadata.annotations
    : { ...volume.metadata.annotations, [BOUND_BY_CONTROLLER]: 'yes' };
  return { ...volume, metadata: { ...volume.metadata, annotations }, spec: { ...volume.spec, claimRef } };
}

/** The claim with its side of the binding; undefined: it has it. */
export function claimBoundTo(
  claim: Stored<PersistentVolumeClaim>,
  volume: Stored<PersistentVolume>,
): Stored<PersistentVolumeClaim> | undefined {
  const named = claim.spec?.volumeName === volume.metadata.name;
  const annotations = { ...claim.metadata.annotations };
  if (named && annotations[BIND_COMPLETED] !== undefined) return undefined;
  if (!named) annotations[BOUND_BY_CONTROLLER] = 'yes';
  annotations[BIND_COMPLETED] = 'yes';
  const spec = { ...claim.spec, volumeName: volume.metadata.name };
  return { ...claim, metadata: { ...claim.metadata, annotations }, spec };
}

/** The volume after its claim has gone elsewhere: free again, or reserved by name as its owner made it. */
export function unboundVolume(volume: Stored<PersistentVolume>): Stored<PersistentVolume> {
  const { [BOUND_BY_CONTROLLER]: byController, ...annotations } = volume.metadata.annotations ?? {};
  const { claimRef, ...spec } = volume.spec ?? {};
  const { uid, resourceVersion, ...reserved } = claimRef ?? {};
  const metadata = { ...volume.metadata, annotations };
  return byController === undefined
    ? { ...volume, spec: { ...spec, claimRef: reserved } }
    : { ...volume, metadata, spec };
}
