import type { IntOrString } from '../../lib/api/types.ts';

/** A number, or a percentage of `total`. Source: k8s.io/apimachinery/pkg/util/intstr. */
export function scaledValue(value: IntOrString | undefined, total: number, roundUp: boolean): number {
  if (typeof value !== 'string') return value ?? 0;
  const share = (Number.parseInt(value, 10) * total) / 100;
  return roundUp ? Math.ceil(share) : Math.floor(share);
}
