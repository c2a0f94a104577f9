import { type Change, StoreError, type WatchBatch } from '../contract.ts';
import type { Context } from './context.ts';
import { readSlots } from './history.ts';
import { type DecidedSlot, type LoggedChange, TooLate } from './logged-change.ts';
import type { Replica } from './replica.ts';

/** Every change after `from` up to the replica's revision, of all types: from the tail, or from the log where the tail does not reach so far back. */
export async function changes(context: Context, replica: Replica, from: number): Promise<WatchBatch> {
  const { revision, compacted } = replica;
  if (from > revision) {
    throw new StoreError('FutureRevision', `revision ${from} is not reached yet, the newest is ${revision}`);
  }
  if (from < compacted || revision - from > context.limits.maxLogEntries) throw expired(from);
  const slots = from >= replica.tail.floor ? replica.tail.after(from) : await slotsBetween(context, from, revision);
  try {
    const told: Change[] = [];
    for (const slot of slots) for (const change of slot.changes) told.push(await changeOf(context, change));
    return { changes: told, revision };
  } catch (error) {
    if (error instanceof TooLate) throw expired(from);
    throw error;
  }
}

async function slotsBetween(context: Context, from: number, to: number): Promise<DecidedSlot[]> {
  const slots = await readSlots(context, from + 1, to);
  // All were decided: one that is not there was collected.
  if (slots.length < to - from) throw expired(from);
  return slots;
}

async function changeOf(context: Context, change: LoggedChange): Promise<Change> {
  await change.fetch(context);
  const { type, key, revision, value } = change;
  const previous = await change.previous(context);
  return previous ? { type, key, revision, value, previous } : { type, key, revision, value };
}

function expired(from: number): StoreError {
  return new StoreError('Expired', `revision ${from} is compacted`);
}
