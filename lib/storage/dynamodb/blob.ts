import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { DICTIONARY_1 } from './dictionary.ts';

/**
 * A value as it is stored: one byte says how, then the bytes. Formats are never taken back, dictionaries never changed:
 * what an older release wrote is read for ever.
 */
export type Blob = Uint8Array;

const RAW = 0;
/** RFC 1951 with dictionary 1. */
const DEFLATED_1 = 1;
/** Against another value: the lengths of what both begin and end with, then the middle by RFC 1951 with the other's middle as dictionary. */
const DELTA = 2;
/** JSON [id, count]: the blob lies in parts. */
const REFERENCE = 3;

/** How far back deflate looks. */
const WINDOW_BYTES = 32 << 10;

export interface Reference {
  id: string;
  count: number;
}

export function pack(value: Uint8Array): Blob {
  const deflated = deflateRawSync(value, { dictionary: DICTIONARY_1 });
  return deflated.length < value.length ? blob(DEFLATED_1, deflated) : blob(RAW, value);
}

export function unpack(packed: Blob, maxBytes?: number): Uint8Array {
  const body = packed.subarray(1);
  if (packed[0] === RAW) return new Uint8Array(body);
  if (packed[0] === DEFLATED_1) return inflate(body, DICTIONARY_1, maxBytes);
  throw new TypeError(`a value is stored in the unknown format ${packed[0]}`);
}

/** `value` as a difference to `other`, or packed alone where that is no longer. */
export function packAgainst(value: Uint8Array, other: Uint8Array): Blob {
  const start = commonStart(value, other);
  const end = commonEnd(value, other, start);
  const dictionary = middle(other, start, end);
  const deflated = deflateRawSync(
    value.subarray(start, value.length - end),
    dictionary.length > 0 ? { dictionary } : {},
  );
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(start, 0);
  lengths.writeUInt32BE(end, 4);
  const delta = blob(DELTA, lengths, deflated);
  if (delta.length < DELTA_IS_GOOD_BYTES) return delta;
  const alone = pack(value);
  return alone.length < delta.length ? alone : delta;
}

/** Not worth trying to do better. */
const DELTA_IS_GOOD_BYTES = 1024;

export function unpackAgainst(packed: Blob, other: Uint8Array): Uint8Array {
  if (packed[0] !== DELTA) return unpack(packed);
  const view = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const start = view.readUInt32BE(1);
  const end = view.readUInt32BE(5);
  const inner = inflate(packed.subarray(9), middle(other, start, end));
  return joined([other.subarray(0, start), inner, other.subarray(other.length - end)]);
}

export function refer({ id, count }: Reference): Blob {
  return blob(REFERENCE, Buffer.from(JSON.stringify([id, count])));
}

export function referenceOf(packed: Blob): Reference | undefined {
  if (packed[0] !== REFERENCE) return undefined;
  const [id, count] = JSON.parse(Buffer.from(packed.subarray(1)).toString());
  return { id, count };
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function blob(format: number, ...pieces: readonly Uint8Array[]): Blob {
  return joined([Uint8Array.of(format), ...pieces]);
}

function inflate(bytes: Uint8Array, dictionary: Uint8Array, maxOutputLength?: number): Uint8Array {
  const options = maxOutputLength === undefined ? {} : { maxOutputLength };
  // Right-sized: a slice of a pooled buffer would keep its pool alive for as long as the object lives.
  return new Uint8Array(inflateRawSync(bytes, dictionary.length > 0 ? { ...options, dictionary } : options));
}

function commonStart(left: Uint8Array, right: Uint8Array): number {
  const most = Math.min(left.length, right.length);
  let length = 0;
  while (length < most && left[length] === right[length]) length++;
  return length;
}

function commonEnd(left: Uint8Array, right: Uint8Array, start: number): number {
  const most = Math.min(left.length, right.length) - start;
  let length = 0;
  while (length < most && left[left.length - 1 - length] === right[right.length - 1 - length]) length++;
  return length;
}

function middle(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return bytes.subarray(Math.max(start, bytes.length - end - WINDOW_BYTES), bytes.length - end);
}
