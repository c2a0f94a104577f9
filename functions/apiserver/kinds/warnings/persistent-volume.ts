import type { PersistentVolume } from '../../../../lib/api/types.ts';
import { warnOfTerm } from './node-labels.ts';

const DEPRECATED_ANNOTATIONS = [
  ['volume.beta.kubernetes.io/storage-class', 'deprecated since v1.8; use "storageClassName" attribute instead'],
  ['volume.beta.kubernetes.io/mount-options', 'deprecated since v1.31; use "mountOptions" attribute instead'],
] as const;

const DEPRECATED_SOURCES = {
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
} as const;

const RECYCLE =
  'The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.';

/** Source: warningsForPersistentVolumeSpecAndMeta in k8s.io/kubernetes/pkg/api/persistentvolume. */
export function persistentVolumeWarnings({ metadata, spec = {} }: PersistentVolume): string[] {
  const warnings: string[] = [];
  for (const [key, why] of DEPRECATED_ANNOTATIONS) {
    if (metadata?.annotations && key in metadata.annotations) warnings.push(`metadata.annotations[${key}]: ${why}`);
  }
  if (spec.persistentVolumeReclaimPolicy === 'Recycle') warnings.push(`spec.persistentVolumeReclaimPolicy: ${RECYCLE}`);
  spec.nodeAffinity?.required?.nodeSelectorTerms?.forEach((term, i) => {
    warnOfTerm(warnings, term, false, `spec.nodeAffinity.required.nodeSelectorTerms[${i}]`);
  });
  for (const source of Object.keys(DEPRECATED_SOURCES) as (keyof typeof DEPRECATED_SOURCES)[]) {
    const shown = source === 'storageos' ? 'storageOS' : source;
    if (spec[source]) warnings.push(`spec.${shown}: ${DEPRECATED_SOURCES[source]}`);
  }
  return warnings;
}
