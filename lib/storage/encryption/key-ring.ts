import { randomBytes } from 'node:crypto';
import { decrypt, encrypt, KEY_BYTES } from './gcm.ts';
import { KeyError, type Keys, type Writer } from './keys.ts';
import type { KmsKeys } from './kms-keys.ts';

/** As in Kubernetes' EncryptionConfiguration: the first key writes, all read. */
export interface KeyRing {
  readonly keys: readonly RingKey[];
}

export type RingKey = SecretKey | KmsKey;

interface Named {
  readonly name: string;
  /** Since when it writes, milliseconds since the epoch, where somebody wrote it down. */
  readonly since?: number;
}

export interface SecretKey extends Named {
  /** base64 */
  readonly secret: string;
}

/** A key that KMS holds: in the ring is only its name. */
export interface KmsKey extends Named {
  /** `arn:aws:kms:REGION:ACCOUNT:key/ID` */
  readonly kms: string;
}

/** Where a ring lies. */
export interface RingSource {
  /** As it is now, or was a moment ago. */
  read(): Promise<KeyRing>;
  /** As it is now: asked for when a key is missing that somebody else may have added. */
  refresh(): Promise<KeyRing>;
}

/** With a new key that writes from now on, of KMS where `kms` names one; the others still read. Names are never used again: the newest key stays. */
export function withNewKey({ keys }: KeyRing, { kms, since }: { kms?: string; since?: number } = {}): KeyRing {
  const numbers = keys.map(({ name }) => Number(/^key(\d+)$/.exec(name)?.[1] ?? 0));
  const named = { name: `key${Math.max(0, ...numbers) + 1}`, ...(since === undefined ? {} : { since }) };
  const fresh = kms ? { ...named, kms } : { ...named, secret: randomBytes(KEY_BYTES).toString('base64') };
  return { keys: [fresh, ...keys] };
}

export function isKms(key: RingKey): key is KmsKey {
  return 'kms' in key;
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
  if (typeof key?.name !== 'string') return false;
  return isKms(key)
    ? typeof key.kms === 'string'
    : typeof key.secret === 'string' && secretOf(key).length === KEY_BYTES;
}

const secretOf = ({ secret }: SecretKey) => Buffer.from(secret, 'base64');

/** Each value gets a data key of its own, or one that KMS gave a moment ago; the keys themselves encrypt nothing but data keys. */
export function ringKeys(source: RingSource, kms?: KmsKeys): Keys {
  const inKms = (key: KmsKey) => {
    if (!kms) throw new KeyError(`the key ${key.name} is KMS’s, which cannot be asked from here`);
    return kms;
  };
  return {
    async writer() {
      const first = (await source.read()).keys[0]!;
      return isKms(first) ? inKms(first).writer(first) : secretWriter(first);
    },
    async unwrap(name, wrapped) {
      const named = (ring: KeyRing) => ring.keys.find((key) => key.name === name);
      const key = named(await source.read()) ?? named(await source.refresh());
      if (!key) throw new KeyError(`there is no key ${name}`);
      return isKms(key) ? inKms(key).unwrap(key, wrapped) : unwrapped(key, wrapped);
    },
  };
}

function secretWriter(first: SecretKey): Writer {
  return {
    name: first.name,
    dataKey() {
      const key = randomBytes(KEY_BYTES);
      return { key, wrapped: encrypt(secretOf(first), key, first.name) };
    },
  };
}

function unwrapped(key: SecretKey, wrapped: Uint8Array): Uint8Array {
  try {
    return decrypt(secretOf(key), wrapped, key.name);
  } catch (cause) {
    throw new KeyError(`the key ${key.name} is not the one that sealed it`, cause);
  }
}
