import { eachBounded } from '../../runtime/bounded.ts';
import type { LogEntry, StoredItem } from '../memory/change-log.ts';
import type { StorageType } from '../memory/storage-type.ts';
import type { Context } from './context.ts';
import { SLOTS_PER_BUCKET } from './database.ts';
import { type DecidedSlot, decodeSlot, type LoggedChange, TooLate } from './logged-change.ts';
import type { Replica } from './replica.ts';
import { repeated } from './retry.ts';

const MAX_REQUESTS_AT_ONCE = 8;

/** Others extend the same log, or compact it, meanwhile. */
const MAX_ATTEMPTS = 5;

/**
 * Extends a type's log back to this revision, for a watch or a list that begins before the type was loaded here.
 * Does nothing where the log of the cluster no longer reaches so far: the caller finds the type compacted.
 */
export async function extendBack(context: Context, replica: Replica, type: StorageType, from: number): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const before = type.log.compacted;
    await extendOnce(context, replica, type, from);
    if (type.log.compacted <= from || type.log.compacted === before) return;
  }
}

async function extendOnce(context: Context, replica: Replica, type: StorageType, from: number): Promise<void> {
  const to = type.log.compacted;
  if (from >= to || from < replica.compacted || to - from > context.limits.maxLogEntries) return;
  const oldest = context.clock.now() - context.limits.retentionMs;
  const first = await readSlots(context, from + 1, from + 1);
  if (first.length === 0 || first[0]!.atMs < oldest) return;
  const slots = await readSlots(context, from + 1, to);
  // Every slot up to there was decided: one that is not there was collected.
  if (slots.length < to - from) return;
  try {
    const entries = await entriesOf(context, type, slots);
    if (type.log.compacted === to) prepend(context, type, entries, from);
  } catch (error) {
    if (!(error instanceof TooLate)) throw error;
  }
}

/** Decided slots from the log, in order; fewer than asked for where some were collected. */
export async function readSlots(context: Context, from: number, to: number): Promise<DecidedSlot[]> {
  const first = Math.floor(from / SLOTS_PER_BUCKET);
  const count = Math.floor(to / SLOTS_PER_BUCKET) - first + 1;
  const found: DecidedSlot[][] = [];
  await eachBounded([...Array(count).keys()], MAX_REQUESTS_AT_ONCE, async (i) => {
    const slots = await repeated(context, () => context.database.querySlots(first + i, from, to));
    found[i] = slots.map(decodeSlot);
  });
  return found.flat();
}

/** The log keeps what each change replaced as a difference to what it wrote. */
async function entriesOf(context: Context, { name }: StorageType, slots: readonly DecidedSlot[]): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for (const { atMs, changes } of slots) {
    for (const change of changes) if (change.storageType === name) entries.push(await entryOf(context, change, atMs));
  }
  return entries;
}

async function entryOf(context: Context, change: LoggedChange, at: number): Promise<LogEntry> {
  await change.fetch(context);
  const { type, key, revision, value } = change;
  const previous = await change.previous(context);
  const entry = { type, key, revision, value, before: undefined, at, row: 0 };
  if (!previous) return entry;
  const before: StoredItem = { key, revision: change.previousRevision!, value: previous, row: 0 };
  return { ...entry, before, previous };
}

function prepend(context: Context, type: StorageType, entries: LogEntry[], from: number): void {
  const { maxLogBytes: maxBytes, maxLogEntries: maxEntries } = context.limits;
  type.log.prepend(shared(type, entries), from);
  const excess = type.log.excess({ maxBytes, maxEntries });
  if (excess !== undefined) type.log.compact(excess);
}

/** Equal bytes once: what an entry wrote is what the index holds now, or what a later entry replaced. */
function shared(type: StorageType, entries: readonly LogEntry[]): LogEntry[] {
  const later = new Map<string, Uint8Array>();
  for (const { before } of type.log.from(type.log.head)) if (before) later.set(name(before), before.value);
  const all = entries.toReversed().map((entry) => {
    const present = type.index.get(entry.key);
    const value = present?.revision === entry.revision ? present.value : (later.get(name(entry)) ?? entry.value);
    if (entry.before) later.set(name(entry.before), entry.before.value);
    return { ...entry, value };
  });
  return all.reverse();
}

function name({ key, revision }: { key: string; revision: number }): string {
  return `${key}@${revision}`;
}
