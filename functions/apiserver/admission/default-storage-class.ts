import type { PersistentVolumeClaim, StorageClass } from '../../../lib/api/types.ts';
import type { AdmissionPlugin } from '../contract.ts';
import type { Reader } from '../reader.ts';
import { defaultClass } from './default-class.ts';
import { isFor } from './request.ts';

const DEFAULT = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];
const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class';

/** A claim without a class gets the default one. Source: plugin/pkg/admission/storage/storageclass/setdefault */
export function defaultStorageClass(reader: Reader): AdmissionPlugin {
  return {
    name: 'DefaultStorageClass',
    async mutate(attributes) {
      if (attributes.operation !== 'CREATE' || !isFor(attributes, '', 'persistentvolumeclaims')) return;
      const { spec, metadata } = attributes.object as PersistentVolumeClaim;
      if (spec?.storageClassName !== undefined || metadata?.annotations?.[BETA_CLASS] !== undefined) return;
      const found = defaultClass(await reader.list<StorageClass>('storageclasses.storage.k8s.io'), DEFAULT);
      if (found) spec!.storageClassName = found.metadata.name;
    },
  };
}
