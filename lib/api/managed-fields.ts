export { type Applied, type ApplyOptions, applyServerSide } from './managed-fields/apply.ts';
export type { WriteBy } from './managed-fields/ownership.ts';
export { trackManagedFields } from './managed-fields/track.ts';
