import type { CapacityType } from '../instances.ts';

/**
 * Dollars an hour of each family's `large`, Linux, on demand, us-east-1. Sizes of a family cost in proportion, so this is the whole price list
 * (of those with GPUs the larger cost less than that, in the same order);
 * between regions families keep their order, which is all that a choice between them needs.
 * Source: Amazon EC2 on-demand pricing, November 2026.
 */
const LARGE: Readonly<Record<string, number>> = {
  t3: 0.0832,
  t3a: 0.0752,
  t4g: 0.0672,
  m6i: 0.096,
  m6a: 0.0864,
  m6g: 0.077,
  m7i: 0.1008,
  m7g: 0.0816,
  m8g: 0.08976,
  c6i: 0.085,
  c6a: 0.0765,
  c6g: 0.068,
  c7i: 0.08925,
  c7g: 0.0725,
  c8g: 0.07976,
  r6i: 0.126,
  r6a: 0.1134,
  r6g: 0.1008,
  r7i: 0.1323,
  r7g: 0.1071,
  r8g: 0.11782,
  g4dn: 0.263,
  g5: 0.503,
  g6: 0.4024,
};

const SIZES: Readonly<Record<string, number>> = {
  nano: 1 / 16,
  micro: 1 / 8,
  small: 1 / 4,
  medium: 1 / 2,
  large: 1,
  xlarge: 2,
};

/** What spot saves where its price is not known. Source: Amazon EC2 Spot Instances, "up to 90 %"; two thirds are usual. */
const SPOT_SHARE = 0.35;

/** The families that machines are made of. */
export const FAMILIES: readonly string[] = Object.keys(LARGE);

/** Undefined: no price is known, and so it is not made. */
export function pricePerHour(instanceType: string, capacityType: CapacityType): number | undefined {
  const [family = '', size = ''] = instanceType.split('.');
  const large = LARGE[family];
  const factor = SIZES[size] ?? 2 * Number(/^(\d+)xlarge$/.exec(size)?.[1] ?? Number.NaN);
  if (large === undefined || Number.isNaN(factor)) return undefined;
  return large * factor * (capacityType === 'spot' ? SPOT_SHARE : 1);
}
