import { compareQuantities } from '../../../lib/api/quantity.ts';
import type { PersistentVolumeClaim, StorageClass } from '../../../lib/api/types.ts';
import type { AdmissionPlugin } from '../contract.ts';
import type { Reader } from '../reader.ts';
import { isFor, refusal } from './request.ts';

const UNSUPPORTED =
  'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class';

/** A claim grows only where its class allows it. Source: plugin/pkg/admission/storage/persistentvolume/resize */
export function persistentVolumeClaimResize(reader: Reader): AdmissionPlugin {
  return {
    name: 'PersistentVolumeClaimResize',
    async validate(attributes) {
      if (attributes.operation !== 'UPDATE' || !isFor(attributes, '', 'persistentvolumeclaims')) return;
      const claim = attributes.object as PersistentVolumeClaim;
      const old = attributes.oldObject as PersistentVolumeClaim;
      if (compareQuantities(sizeOf(claim), sizeOf(old)) <= 0) return;
      if (old.status?.phase !== 'Bound')
        throw refusal(attributes, 'Only bound persistent volume claims can be expanded');
      const name = classOf(claim);
      const allowed = name !== '' && name === classOf(old) && (await mayGrow(name, reader));
      if (!allowed) throw refusal(attributes, UNSUPPORTED);
    },
  };
}

function sizeOf({ spec }: PersistentVolumeClaim): string {
  return spec?.resources?.requests?.['storage'] ?? '0';
}

function classOf({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata?.annotations?.[BETA_CLASS] ?? spec?.storageClassName ?? '';
}

async function mayGrow(name: string, reader: Reader): Promise<boolean> {
  return (await reader.get<StorageClass>('storageclasses.storage.k8s.io', name))?.allowVolumeExpansion === true;
}
