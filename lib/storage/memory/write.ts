import { type Item, StoreError, type Write } from '../contract.ts';

/** Every write but a check. */
export type ChangingWrite = Exclude<Write, { op: 'check' }>;

export const CHANGE_TYPES = { create: 'created', update: 'updated', delete: 'deleted' } as const;

/** The revision that the key must be at; 0: absent. */
export function expectedRevision(write: Write): number {
  return write.op === 'create' ? 0 : write.revision;
}

/** The key's present state, if it is what the write expects; throws Exists, NotFound or Conflict. */
export function expected<T extends Item>(write: Write, present: T | undefined): T | undefined {
  const { key } = write;
  const revision = expectedRevision(write);
  if (revision === 0) {
    if (present && write.op === 'create') throw new StoreError('Exists', `${key} exists`, { key, current: present });
    if (present) throw new StoreError('Conflict', `${key} exists`, { key, current: present });
    return undefined;
  }
  if (!present) throw new StoreError('NotFound', `${key} is not there`, { key });
  if (present.revision !== revision) {
    const message = `${key} is at revision ${present.revision}, not ${revision}`;
    throw new StoreError('Conflict', message, { key, current: present });
  }
  return present;
}

/** The write's bytes at this revision; throws TooLarge, or what its Encode threw. */
export function encoded(write: ChangingWrite, revision: number, maxBytes: number): Uint8Array {
  const value = rightSized(write.value(revision));
  if (value.length <= maxBytes) return value;
  throw new StoreError('TooLarge', `${write.key} has ${value.length} bytes, more than ${maxBytes}`, { key: write.key });
}

/** A slice of a pooled buffer would keep its whole pool alive for as long as the object lives. */
function rightSized(value: Uint8Array): Uint8Array {
  return value.buffer.byteLength === value.byteLength ? value : new Uint8Array(value);
}
