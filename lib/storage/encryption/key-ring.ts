import { randomBytes } from 'node:crypto';
import { decrypt, encrypt, KEY_BYTES } from './gcm.ts';
import { KeyError, type Keys } from './keys.ts';

/** As in Kubernetes' EncryptionConfiguration: the first key writes, all read. `secret` is base64. */
export interface KeyRing {
  readonly keys: readonly RingKey[];
}

export interface RingKey {
  readonly name: string;
  readonly secret: string;
}

/** Where a ring lies. */
export interface RingSource {
  /** As it is now, or was a moment ago. */
  read(): Promise<KeyRing>;
  /** As it is now: asked for when a key is missing that somebody else may have added. */
  refresh(): Promise<KeyRing>;
}

/** With a new key that writes from now on; the others still read. Names are never used again while their key is there. */
export function withNewKey({ keys }: KeyRing): KeyRing {
  const numbers = keys.map(({ name }) => Number(/^key(\d+)$/.exec(name)?.[1] ?? 0));
  const name = `key${Math.max(0, ...numbers) + 1}`;
  return { keys: [{ name, secret: randomBytes(KEY_BYTES).toString('base64') }, ...keys] };
}

/** Without the keys that nothing needs; the one that writes stays. */
export function withoutKeys({ keys }: KeyRing, isNeeded: (name: string) => boolean): KeyRing {
  return { keys: keys.filter(({ name }, i) => i === 0 || isNeeded(name)) };
}

/** Throws KeyError. */
export function parseRing(text: string, where: string): KeyRing {
  const ring = parseJson(text, where);
  const keys: unknown[] = Array.isArray(ring?.keys) ? ring.keys : [];
  if (keys.length === 0 || !keys.every(isRingKey)) throw new KeyError(`${where} is no ring of encryption keys`);
  return { keys };
}

function parseJson(text: string, where: string): any {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new KeyError(`${where} is no ring of encryption keys`, cause);
  }
}

function isRingKey(key: any): key is RingKey {
  return typeof key?.name === 'string' && typeof key.secret === 'string' && secretOf(key).length === KEY_BYTES;
}

const secretOf = ({ secret }: RingKey) => Buffer.from(secret, 'base64');

/** Each value gets a data key of its own; the keys themselves encrypt nothing but data keys. */
export function ringKeys(source: RingSource): Keys {
  return {
    async writer() {
      const first = (await source.read()).keys[0]!;
      const secret = secretOf(first);
      return {
        name: first.name,
        dataKey() {
          const key = randomBytes(KEY_BYTES);
          return { key, wrapped: encrypt(secret, key, first.name) };
        },
      };
    },
    async unwrap(name, wrapped) {
      const named = (ring: KeyRing) => ring.keys.find((key) => key.name === name);
      const key = named(await source.read()) ?? named(await source.refresh());
      if (!key) throw new KeyError(`there is no key ${name}`);
      try {
        return decrypt(secretOf(key), wrapped, name);
      } catch (cause) {
        throw new KeyError(`the key ${name} is not the one that sealed it`, cause);
      }
    },
  };
}
