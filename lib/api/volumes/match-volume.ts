import type { Stored } from '../object.ts';
import { matchesNodeSelector } from '../scheduling/node-selector.ts';
import { fromLabelSelector } from '../selectors.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../types.ts';
import { isVolumeFor } from './bind.ts';
import { capacityBytes, classOf, requestedBytes } from './claim.ts';

export interface MatchOptions {
  /** The volume must be reachable from it. */
  node?: Node | undefined;
  /** Volumes that are given away already. */
  excluded?: ReadonlySet<string>;
  /** Only a volume that names the claim will do: any other waits for the pod's node. */
  onlyReserved?: boolean;
}

/** The smallest volume that will do. Source: k8s.io/component-helpers/storage/volume FindMatchingVolume. */
export function findMatchingVolume(
  claim: Stored<PersistentVolumeClaim>,
  volumes: readonly Stored<PersistentVolume>[],
  { node, excluded, onlyReserved = false }: MatchOptions = {},
): Stored<PersistentVolume> | undefined {
  let best: Stored<PersistentVolume> | undefined;
  for (const volume of volumes) {
    if (excluded?.has(volume.metadata.name) || !suits(volume, claim)) continue;
    if (isVolumeFor(volume, claim)) return !node || isReachable(volume, node) ? volume : undefined;
    if (onlyReserved || !isFree(volume, claim) || (node && !isReachable(volume, node))) continue;
    if (!best || capacityBytes(volume) < capacityBytes(best)) best = volume;
  }
  return best;
}

/** What even a volume that was reserved for the claim must be; whoever reserved it may have named another class. */
function suits(volume: Stored<PersistentVolume>, claim: Stored<PersistentVolumeClaim>): boolean {
  if (volume.metadata.deletionTimestamp) return false;
  if (volume.spec?.claimRef && !isVolumeFor(volume, claim)) return false;
  return (
    capacityBytes(volume) >= requestedBytes(claim.spec) &&
    modeOf(volume.spec) === modeOf(claim.spec) &&
    attributesClassOf(volume) === attributesClassOf(claim) &&
    hasModes(volume, claim)
  );
}

function isFree(volume: Stored<PersistentVolume>, claim: PersistentVolumeClaim): boolean {
  const { selector } = claim.spec ?? {};
  return (
    !volume.spec?.claimRef &&
    volume.status?.phase === 'Available' &&
    classOf(volume) === classOf(claim) &&
    (!selector || fromLabelSelector(selector).matches(volume.metadata.labels))
  );
}

/** Why a volume that the claim chose by name cannot be its own. Source: pv_controller.go checkVolumeSatisfyClaim. */
export function mismatch(volume: Stored<PersistentVolume>, claim: Stored<PersistentVolumeClaim>): string | undefined {
  if (volume.metadata.deletionTimestamp) return `the volume is marked for deletion "${volume.metadata.name}"`;
  if (capacityBytes(volume) < requestedBytes(claim.spec)) return 'requested PV is too small';
  if (classOf(volume) !== classOf(claim)) return 'storageClassName does not match';
  if (attributesClassOf(volume) !== attributesClassOf(claim)) return 'volumeAttributesClassName does not match';
  if (modeOf(volume.spec) !== modeOf(claim.spec)) return 'incompatible volumeMode';
  return hasModes(volume, claim) ? undefined : 'incompatible accessMode';
}

export const modeOf = (spec: { volumeMode?: string | undefined } | undefined): string =>
  spec?.volumeMode ?? 'Filesystem';

const attributesClassOf = ({ spec }: PersistentVolume | PersistentVolumeClaim): string =>
  spec?.volumeAttributesClassName ?? '';

function hasModes({ spec }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (claim.spec?.accessModes ?? []).every((mode) => spec?.accessModes?.includes(mode));
}

export function isReachable({ spec }: PersistentVolume, node: Node): boolean {
  const required = spec?.nodeAffinity?.required;
  return !required || matchesNodeSelector(required, node);
}
