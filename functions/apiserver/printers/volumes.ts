import { canonicalQuantity } from '../../../lib/api/quantity.ts';
import { ageOf, type Row, UNSET } from './row.ts';

const STORAGE_CLASS = 'volume.beta.kubernetes.io/storage-class';
const ACCESS_MODES: readonly [string, string][] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
];

export const persistentVolumeRow: Row = (volume) => {
  const { spec = {}, status = {} } = volume;
  return [
    volume.metadata.name,
    canonicalQuantity(spec.capacity?.storage ?? '0'),
    accessModes(spec.accessModes),
    spec.persistentVolumeReclaimPolicy ?? '',
    phaseOf(volume),
    spec.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '',
    storageClass(volume),
    spec.volumeAttributesClassName ?? UNSET,
    status.reason ?? '',
    ageOf(volume),
    spec.volumeMode ?? UNSET,
  ];
};

/** Capacity and modes are shown once the claim is bound. */
export const persistentVolumeClaimRow: Row = (claim) => {
  const { spec = {}, status = {} } = claim;
  const bound = Boolean(spec.volumeName);
  return [
    claim.metadata.name,
    phaseOf(claim),
    spec.volumeName ?? '',
    bound ? canonicalQuantity(status.capacity?.storage ?? '0') : '',
    bound ? accessModes(status.accessModes) : '',
    storageClass(claim),
    spec.volumeAttributesClassName ?? UNSET,
    ageOf(claim),
    spec.volumeMode ?? UNSET,
  ];
};

function phaseOf(object: any): string {
  return object.metadata.deletionTimestamp ? 'Terminating' : (object.status?.phase ?? '');
}

function accessModes(modes: string[] | undefined): string {
  return ACCESS_MODES.flatMap(([mode, short]) => (modes?.includes(mode) ? short : [])).join(',');
}

function storageClass(object: any): string {
  return object.metadata.annotations?.[STORAGE_CLASS] ?? object.spec?.storageClassName ?? '';
}
