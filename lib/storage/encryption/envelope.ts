import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { decrypt, encrypt } from './gcm.ts';
import type { DataKey } from './keys.ts';

/**
 * A sealed value: `zp:enc:v1:KEY:`, the length of the wrapped data key in two bytes, the data key, then AES-256-GCM of a byte that says how the
 * rest is packed, and the rest. The header says who can open it, as the prefixes of Kubernetes' encryption at rest do; no JSON begins so.
 * Bound to the object's key, so that a value that is moved to another object does not open there.
 */
const MAGIC = 'zp:enc:v1:';
const KEY_NAME = /^[A-Za-z0-9._-]{1,64}$/;
const LENGTH_BYTES = 2;

const PLAIN = 0;
const DEFLATED = 1;

/** What deflate cannot make smaller than this is not worth its time. */
const MIN_DEFLATE_BYTES = 128;

export interface Envelope {
  /** Of the key that wrapped the data key. */
  keyName: string;
  wrapped: Uint8Array;
  sealed: Uint8Array;
}

export function seal(keyName: string, { key, wrapped }: DataKey, objectKey: string, value: Uint8Array): Uint8Array {
  if (!KEY_NAME.test(keyName)) throw new TypeError(`${JSON.stringify(keyName)} cannot name a key`);
  const header = `${MAGIC}${keyName}:`;
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(wrapped.length);
  const body = encrypt(key, pack(value), header + objectKey);
  // A buffer of its own: a slice of the pool would keep the pool alive for as long as the object lives.
  return new Uint8Array(Buffer.concat([Buffer.from(header), length, wrapped, body]));
}

/** Undefined: the value is not sealed. Throws where it is cut off. */
export function readEnvelope(value: Uint8Array): Envelope | undefined {
  const keyName = sealedWith(value);
  if (keyName === undefined) return undefined;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const start = MAGIC.length + keyName.length + 1;
  if (bytes.length < start + LENGTH_BYTES) throw new Error('it is cut off');
  const wrappedAt = start + LENGTH_BYTES;
  const sealedAt = wrappedAt + bytes.readUInt16BE(start);
  if (bytes.length < sealedAt) throw new Error('it is cut off');
  return { keyName, wrapped: bytes.subarray(wrappedAt, sealedAt), sealed: bytes.subarray(sealedAt) };
}

/** The name of the key that can open it; undefined: it is not sealed. */
export function sealedWith(value: Uint8Array): string | undefined {
  const head = Buffer.from(value.buffer, value.byteOffset, Math.min(value.byteLength, MAX_HEADER)).toString('latin1');
  if (!head.startsWith(MAGIC)) return undefined;
  const end = head.indexOf(':', MAGIC.length);
  return end === -1 ? undefined : head.slice(MAGIC.length, end);
}

const MAX_HEADER = MAGIC.length + 65;

/** Throws if the data key is not this one's, the object is another, or a bit is missing or changed. */
export function open({ keyName, sealed }: Envelope, key: Uint8Array, objectKey: string): Uint8Array {
  return unpack(decrypt(key, sealed, `${MAGIC}${keyName}:${objectKey}`));
}

/** Compressed before it is encrypted: afterwards nothing is left to compress. */
function pack(value: Uint8Array): Uint8Array {
  const deflated = value.length < MIN_DEFLATE_BYTES ? value : deflateRawSync(value);
  return deflated.length < value.length
    ? Buffer.concat([Buffer.of(DEFLATED), deflated])
    : Buffer.concat([Buffer.of(PLAIN), value]);
}

function unpack(packed: Uint8Array): Uint8Array {
  const rest = packed.subarray(1);
  return new Uint8Array(packed[0] === DEFLATED ? inflateRawSync(rest) : rest);
}
