import { type Random, SUFFIX_ALPHABET } from '../../lib/runtime/random.ts';

/** Repeatable: the same seed gives the same values (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 4_294_967_296;
  };
  const pick = (alphabet: string) => alphabet[Math.floor(next() * alphabet.length)]!;
  const hex = (length: number) => Array.from({ length }, () => pick('0123456789abcdef')).join('');
  return {
    next,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${pick('89ab')}${hex(3)}-${hex(12)}`,
    suffix: (length) => Array.from({ length }, () => pick(SUFFIX_ALPHABET)).join(''),
  };
}
