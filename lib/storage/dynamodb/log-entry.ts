import { type Blob, joined } from './blob.ts';

/** One change of a commit as its slot keeps it. */
export interface EncodedChange {
  readonly type: 'created' | 'updated' | 'deleted';
  readonly key: string;
  /** New bytes; of a deletion, the last state. */
  readonly value: Blob;
  /** What the change replaced: its revision, and its bytes as a difference to the new ones. */
  readonly previous?: { readonly revision: number; readonly value: Blob };
}

const TYPES = ['created', 'updated', 'deleted'] as const;

/** type, key, bytes of the value, revision of what was before, bytes of its difference */
type Header = [type: number, key: string, valueBytes: number, revision?: number, previousBytes?: number];

const END_OF_HEADERS = 0x0a;

/** A line of JSON, which names lengths, then the blobs one after the other. */
export function encodeEntry(changes: readonly EncodedChange[]): Uint8Array {
  const headers = changes.map(({ type, key, value, previous }): Header => {
    const number = TYPES.indexOf(type);
    return previous
      ? [number, key, value.length, previous.revision, previous.value.length]
      : [number, key, value.length];
  });
  const blobs = changes.flatMap(({ value, previous }) => (previous ? [value, previous.value] : [value]));
  return joined([Buffer.from(`${JSON.stringify(headers)}\n`), ...blobs]);
}

export function decodeEntry(bytes: Uint8Array): EncodedChange[] {
  let at = bytes.indexOf(END_OF_HEADERS) + 1;
  const headers: Header[] = JSON.parse(Buffer.from(bytes.subarray(0, at)).toString());
  const take = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  return headers.map(([type, key, valueBytes, revision, previousBytes]) => {
    const change = { type: TYPES[type]!, key, value: take(valueBytes) };
    return revision === undefined ? change : { ...change, previous: { revision, value: take(previousBytes!) } };
  });
}
