import { randomBytes, randomUUID } from 'node:crypto';

export interface Random {
  /** 0 ≤ x < 1 */
  next(): number;
  /** RFC 9562 version 4. */
  uuid(): string;
  /** Letters of a generateName suffix: Kubernetes' alphabet without vowels and look-alikes. */
  suffix(length: number): string;
}

/** k8s.io/apimachinery/pkg/util/rand: no vowels, so no words; no 0, 1 or 3. */
export const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** The system is asked for many bytes at once: a few at a time cost as much as the rest of a name. */
const pool = { bytes: Buffer.alloc(0), used: 0 };
const POOL_BYTES = 1024;

function nextByte(): number {
  if (pool.used === pool.bytes.length) {
    pool.bytes = randomBytes(POOL_BYTES);
    pool.used = 0;
  }
  return pool.bytes[pool.used++]!;
}

export const systemRandom: Random = {
  next: () => Math.random(),
  uuid: () => randomUUID(),
  suffix: (length) => Array.from({ length }, () => SUFFIX_ALPHABET[nextByte() % SUFFIX_ALPHABET.length]).join(''),
};
