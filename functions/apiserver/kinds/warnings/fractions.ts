import type { PersistentVolumeClaimSpec } from '../../../../lib/api/types.ts';

/** Bytes come whole. The quantity is canonical already. */
export function warnOfFraction(warnings: string[], quantity: string | undefined, field: string): void {
  if (quantity && /[mun]$/.test(quantity)) {
    warnings.push(`${field}: fractional byte value ${JSON.stringify(quantity)} is invalid, must be an integer`);
  }
}

/** Source: GetWarningsForPersistentVolumeClaimSpec in k8s.io/kubernetes/pkg/api/persistentvolumeclaim. */
export function warnOfClaimSpec(warnings: string[], spec: PersistentVolumeClaimSpec | undefined, path: string): void {
  const { requests, limits } = spec?.resources ?? {};
  warnOfFraction(warnings, requests?.['storage'], `${path}.resources.requests[storage]`);
  warnOfFraction(warnings, limits?.['storage'], `${path}.resources.limits[storage]`);
}
