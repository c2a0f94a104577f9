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

export const systemRandom: Random = {
  next: () => Math.random(),
  uuid: () => randomUUID(),
  suffix: (length) =>
    Array.from(randomBytes(length), (byte) => SUFFIX_ALPHABET[byte % SUFFIX_ALPHABET.length]).join(''),
};
