import type { Stored } from '../../lib/api/object.ts';
import { Quantity } from '../../lib/api/quantity.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../lib/api/types.ts';
import {
  LOCAL_PATH_PROVISIONER,
  PROVISIONED_BY,
  SELECTED_NODE,
  STORAGE_PROVISIONER,
} from '../../lib/api/volumes/annotations.ts';
import { isDelayed, requestedBytes } from '../../lib/api/volumes/claim.ts';
import type { Backing } from './store.ts';

/** As external-provisioner does: a volume that is deleted before its claim still gives back what it holds (KEP-2644). */
export const FINALIZER = 'external-provisioner.volume.kubernetes.io/finalizer';
const HOSTNAME = 'kubernetes.io/hostname';

/** The name external-provisioner gives: one for each claim that ever was, so that two attempts meet. */
export function volumeName({ metadata }: Stored<PersistentVolumeClaim>): string {
  return `pvc-${metadata.uid}`;
}

export function isOurs(volume: Stored<PersistentVolume>, node: string): boolean {
  return (
    volume.metadata.annotations?.[PROVISIONED_BY] === LOCAL_PATH_PROVISIONER &&
    nodeOf(volume) === node &&
    !!volume.spec?.local
  );
}

function nodeOf({ spec }: PersistentVolume): string | undefined {
  const [term] = spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  return term?.matchExpressions?.find(({ key }) => key === HOSTNAME)?.values?.[0];
}

/** Whether this node is to make the claim's volume: the scheduler chose it, or nobody chooses and all may try. */
export function isForNode(claim: Stored<PersistentVolumeClaim>, storageClass: StorageClass, node: string): boolean {
  const { annotations = {}, deletionTimestamp } = claim.metadata;
  if (annotations[STORAGE_PROVISIONER] !== LOCAL_PATH_PROVISIONER || claim.spec?.volumeName || deletionTimestamp)
    return false;
  return isDelayed(storageClass) ? annotations[SELECTED_NODE] === node : (annotations[SELECTED_NODE] ?? node) === node;
}

/** Why a claim cannot have a volume of a node's disk. */
export function refusal({ spec }: PersistentVolumeClaim): string | undefined {
  const shared = spec?.accessModes?.find((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany');
  if (shared)
    return `a volume on one node's disk cannot be ${shared}: only ReadWriteOnce and ReadWriteOncePod are supported`;
  if (spec?.selector) return 'claim Selector is not supported';
  return spec?.dataSource || spec?.dataSourceRef ? 'a data source is not supported' : undefined;
}

export function backingOf({ spec }: PersistentVolumeClaim, { parameters = {} }: StorageClass): Backing {
  return spec?.volumeMode === 'Block' || parameters['backing'] === 'image' ? 'image' : 'folder';
}

/** The volume, on this node, of the claim. */
export function newVolume(
  claim: Stored<PersistentVolumeClaim>,
  storageClass: Stored<StorageClass>,
  node: string,
  path: string,
): PersistentVolume {
  const { namespace, name, uid, resourceVersion } = claim.metadata;
  const policy = storageClass.reclaimPolicy ?? 'Delete';
  return {
    metadata: {
      name: volumeName(claim),
      annotations: { [PROVISIONED_BY]: LOCAL_PATH_PROVISIONER },
      ...(policy === 'Delete' ? { finalizers: [FINALIZER] } : {}),
    },
    spec: {
      capacity: { storage: sizeOf(claim) },
      accessModes: claim.spec?.accessModes,
      volumeMode: claim.spec?.volumeMode,
      persistentVolumeReclaimPolicy: policy,
      storageClassName: storageClass.metadata.name,
      claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid, resourceVersion },
      ...(storageClass.mountOptions ? { mountOptions: storageClass.mountOptions } : {}),
      local: { path },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: HOSTNAME, operator: 'In', values: [node] }] }],
        },
      },
    },
  };
}

function sizeOf({ spec }: PersistentVolumeClaim): string {
  return spec?.resources?.requests?.['storage'] ?? Quantity.of(requestedBytes(spec), 'BinarySI').toString();
}
