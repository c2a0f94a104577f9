import type { AdmissionAttributes, AdmissionPlugin } from '../contract.ts';
import { isFor } from './request.ts';

/** Claims and volumes outlive their deletion while they are used. Source: plugin/pkg/admission/storage/storageobjectinuseprotection */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  mutate(attributes) {
    if (attributes.operation !== 'CREATE') return;
    if (isFor(attributes, '', 'persistentvolumes')) protect(attributes, 'kubernetes.io/pv-protection');
    if (isFor(attributes, '', 'persistentvolumeclaims')) protect(attributes, 'kubernetes.io/pvc-protection');
    if (isFor(attributes, 'storage.k8s.io', 'volumeattributesclasses')) {
      protect(attributes, 'kubernetes.io/vac-protection');
    }
  },
};

function protect({ object }: AdmissionAttributes, finalizer: string): void {
  const metadata = object!.metadata!;
  if (!metadata.finalizers?.includes(finalizer)) metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
}
