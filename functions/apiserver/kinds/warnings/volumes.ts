import type { Volume } from '../../../../lib/api/types.ts';
import { warnOfClaimSpec } from './fractions.ts';
import { warnOfOverlaps } from './overlapping-paths.ts';

const DEPRECATED = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
} as const;

const KINDS = Object.keys(DEPRECATED) as (keyof typeof DEPRECATED)[];

/** Upstream writes one name as Go does. */
const SHOWN: Readonly<Record<string, string>> = { storageos: 'storageOS' };

export function warnOfVolumes(warnings: string[], volumes: Volume[], path: string): void {
  volumes.forEach((volume, i) => {
    for (const kind of KINDS) {
      if (volume[kind]) warnings.push(`${path}[${i}].${SHOWN[kind] ?? kind}: ${DEPRECATED[kind]}`);
    }
    const template = volume.ephemeral?.volumeClaimTemplate;
    if (template) warnOfClaimSpec(warnings, template.spec, `${path}[${i}].ephemeral.volumeClaimTemplate.spec`);
  });
  for (const volume of volumes) warnOfOverlaps(warnings, volume);
}
