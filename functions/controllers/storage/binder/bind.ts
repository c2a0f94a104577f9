import type { Stored } from '../../../../lib/api/object.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../../../lib/api/types.ts';
import { claimBoundTo, volumeBoundTo } from '../../../../lib/api/volumes/bind.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../../../lib/client/resource-type.ts';
import { timestamp } from '../../../../lib/runtime/clock.ts';
import type { Hands } from '../../dependencies.ts';
import type { Told } from './plan-claim.ts';

/** Volume first, then claim; each step is found done by whoever begins again. Source: pv_controller.go bind. */
export async function bind(
  own: Hands,
  volume: Stored<PersistentVolume>,
  claim: Stored<PersistentVolumeClaim>,
): Promise<void> {
  const wanted = volumeBoundTo(volume, claim);
  const bound = wanted ? await own.client.update(persistentVolumes, wanted) : volume;
  await setVolumePhase(own, bound, 'Bound');
  const next = claimBoundTo(claim, bound);
  const named = next ? await own.client.update(persistentVolumeClaims, next) : claim;
  await setClaimBound(own, named, bound);
}

async function setClaimBound(
  own: Hands,
  claim: Stored<PersistentVolumeClaim>,
  { spec }: Stored<PersistentVolume>,
): Promise<void> {
  const { status } = claim;
  const storage = spec?.capacity?.['storage'];
  // A claim that is bound already grows by its own steps.
  const known = status?.phase === 'Bound' ? status.capacity?.['storage'] : undefined;
  const capacity = { ...status?.capacity, ...(storage === undefined ? {} : { storage: known ?? storage }) };
  const attributesClass = spec?.volumeAttributesClassName;
  const next = {
    ...status,
    phase: 'Bound',
    accessModes: spec?.accessModes,
    capacity,
    ...(attributesClass && !status?.currentVolumeAttributesClassName
      ? { currentVolumeAttributesClassName: attributesClass }
      : {}),
  };
  await writeClaimStatus(own, claim, next);
}

/** `undefined` for what it leaves: a claim that waits or is lost has neither modes nor size. */
export async function setClaimPhase(
  own: Hands,
  claim: Stored<PersistentVolumeClaim>,
  phase: 'Pending' | 'Lost',
): Promise<boolean> {
  const { accessModes, capacity, ...status } = claim.status ?? {};
  return writeClaimStatus(own, claim, { ...status, phase });
}

async function writeClaimStatus(
  { client }: Hands,
  claim: Stored<PersistentVolumeClaim>,
  status: NonNullable<PersistentVolumeClaim['status']>,
): Promise<boolean> {
  if (same(claim.status, status)) return false;
  await client.update(persistentVolumeClaims, { ...claim, status }, { subresource: 'status' });
  return true;
}

export async function setVolumePhase(
  { client, clock, recorder }: Hands,
  volume: Stored<PersistentVolume>,
  phase: string,
  event?: Told,
): Promise<Stored<PersistentVolume>> {
  const message = event?.message;
  if (volume.status?.phase === phase && volume.status.message === message) return volume;
  const { message: _, ...before } = volume.status ?? {};
  const status = {
    ...before,
    phase,
    ...(message === undefined ? {} : { message }),
    ...(before.phase === phase ? {} : { lastPhaseTransitionTime: timestamp(clock) }),
  };
  const written = await client.update(persistentVolumes, { ...volume, status }, { subresource: 'status' });
  if (event) recorder.warning(volume, event.reason, event.message);
  return written;
}

const same = (a: object | undefined, b: object): boolean => canonical(a) === canonical(b);
const canonical = (value: object | undefined): string =>
  JSON.stringify(Object.entries(value ?? {}).sort(([a], [b]) => a.localeCompare(b)));
