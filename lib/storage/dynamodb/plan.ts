import type { Write } from '../contract.ts';
import { StoreError } from '../contract.ts';
import { expected, expectedRevision } from '../memory/write.ts';
import type { Freshen, Present, Reads } from './reads.ts';

/** A write and what it replaces. */
export interface Planned {
  readonly write: Write;
  readonly present: Present;
}

/** AWS, "TransactWriteItems": 100 items, one of which is the slot. */
export const MAX_WRITES = 99;

/**
 * What each write finds. What is known without asking is taken where it fits, as the transaction will check it; only before a refusal, and where the bytes of
 * what is replaced are not known, the present is read. Throws what the writes meet there.
 */
export async function plan(writes: readonly Write[], reads: Reads, catchUp: Freshen): Promise<Planned[]> {
  refuseImpossible(writes);
  const known = writes.map((write) => guess(write, reads));
  if (known.every((one) => one !== undefined)) return known;
  await catchUp();
  const planned: Planned[] = [];
  for (const write of writes) {
    const present = await reads.get(write.key, async () => {});
    expected(write, present.item);
    planned.push({ write, present });
  }
  return planned;
}

function refuseImpossible(writes: readonly Write[]): void {
  if (writes.length > MAX_WRITES) {
    throw new StoreError('TooLarge', `a commit of ${writes.length} writes, at most ${MAX_WRITES} go together`);
  }
  const keys = writes.filter(({ op }) => op !== 'check').map(({ key }) => key);
  const twice = keys.find((key, i) => keys.indexOf(key) !== i);
  if (twice !== undefined) throw new TypeError(`two writes of ${twice} in one commit`);
}

/** What is known of the key, if it is what the write expects. */
function guess(write: Write, reads: Reads): Planned | undefined {
  const present = reads.peek(write.key) ?? (expectedRevision(write) === 0 ? { item: undefined } : undefined);
  const fits = present && (present.item?.revision ?? 0) === expectedRevision(write);
  return fits ? { write, present } : undefined;
}
