import type { Stored } from '../../lib/api/object.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../lib/api/types.ts';
import { stored } from './objects.ts';

export interface VolumeOptions {
  size?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  phase?: string;
  node?: string;
  spec?: PersistentVolume['spec'];
}

export function volume(name: string, options: VolumeOptions = {}): Stored<PersistentVolume> {
  const { size = '1Gi', labels, annotations, phase = 'Available', node, spec } = options;
  const hostname = { key: 'kubernetes.io/hostname', operator: 'In', values: [node ?? ''] };
  return {
    metadata: stored(name, undefined, labels, annotations ? { annotations } : {}),
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: size },
      ...(node ? { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [hostname] }] } } } : {}),
      ...spec,
    },
    status: { phase },
  };
}

export interface ClaimOptions {
  size?: string;
  annotations?: Record<string, string>;
  phase?: string;
  spec?: PersistentVolumeClaim['spec'];
}

export function claim(name: string, options: ClaimOptions = {}): Stored<PersistentVolumeClaim> {
  const { size = '1Gi', annotations, phase = 'Pending', spec } = options;
  return {
    metadata: stored(name, 'default', undefined, annotations ? { annotations } : {}),
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: '',
      resources: { requests: { storage: size } },
      ...spec,
    },
    status: { phase },
  };
}

export function storageClass(name: string, more: Partial<StorageClass> = {}): Stored<StorageClass> {
  const metadata = stored(name);
  return {
    metadata,
    provisioner: 'example.org/disks',
    volumeBindingMode: 'Immediate',
    ...more,
  } as Stored<StorageClass>;
}

/** As the volume names the claim that it belongs to. */
export function claimRef(of: Stored<PersistentVolumeClaim>, withUid = true): NonNullable<PersistentVolume['spec']> {
  const { namespace, name, uid } = of.metadata;
  return { claimRef: { namespace, name, ...(withUid ? { uid } : {}) } };
}
