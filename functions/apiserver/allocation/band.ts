import type { Random } from '../../../lib/runtime/random.ts';

/** Numbers that may be given out: what is drawn comes from `upper` until that is full, so that `lower` stays free for requests (KEP-3070, KEP-3668). */
export interface Bands {
  /** First number. */
  readonly from: number;
  /** First number of the upper band. */
  readonly upper: number;
  /** One past the last. */
  readonly to: number;
}

/** Draws before the whole band is looked through. */
const MAX_DRAWS = 16;

/** A free number, or undefined when there is none. */
export async function draw(
  bands: Bands,
  random: Random,
  isFree: (candidate: number) => Promise<boolean>,
): Promise<number | undefined> {
  return (
    (await drawFrom(bands.upper, bands.to, random, isFree)) ?? (await drawFrom(bands.from, bands.upper, random, isFree))
  );
}

async function drawFrom(
  from: number,
  to: number,
  random: Random,
  isFree: (candidate: number) => Promise<boolean>,
): Promise<number | undefined> {
  const size = to - from;
  if (size <= 0) return undefined;
  for (let i = 0; i < Math.min(MAX_DRAWS, size); i++) {
    const candidate = from + Math.floor(random.next() * size);
    if (await isFree(candidate)) return candidate;
  }
  const start = Math.floor(random.next() * size);
  for (let i = 0; i < size; i++) {
    const candidate = from + ((start + i) % size);
    if (await isFree(candidate)) return candidate;
  }
  return undefined;
}
