import { createHash } from 'node:crypto';
import { SUFFIX_ALPHABET } from '../../lib/runtime/random.ts';

/** JSON with sorted keys and without what is undefined: equal for equal objects. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : part,
  );
}

/** Letters that may stand in a name, the same for the same text. */
export function nameHash(text: string, length: number): string {
  const digest = createHash('sha256').update(text).digest();
  return Array.from(digest.subarray(0, length), (byte) => SUFFIX_ALPHABET[byte % SUFFIX_ALPHABET.length]).join('');
}
