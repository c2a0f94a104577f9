import type { Context } from './context.ts';
import { type Counter, SLOTS_PER_BUCKET, type Slot } from './database.ts';
import { decodeSlot } from './logged-change.ts';
import type { Replica } from './replica.ts';
import { repeated } from './retry.ts';

/**
 * Where a reader that knows nothing begins: at a revision up to which every slot is decided, and was so long enough ago that the objects show it whole.
 * A slot's own time does not tell that: its writer may have been frozen between the stamp and the commit. What a later stamp names as decided does.
 */
export async function begin(context: Context, replica: Replica, counter: Counter, readAtMs: number): Promise<void> {
  const { base, slots } = await whereToBegin(context, counter, context.clock.now());
  replica.begin(base, readAtMs);
  for (const slot of slots) replica.offer(decodeSlot(slot));
}

interface Beginning {
  base: number;
  /** What was read of the log on the way. */
  slots: readonly Slot[];
}

async function whereToBegin(context: Context, counter: Counter, now: number): Promise<Beginning> {
  const { limits, unsafe } = context;
  const { revision, stamp } = counter;
  // No revision was taken for so long that none is still to be committed.
  if (!stamp || stamp.atMs < now - limits.settledMs) return { base: revision, slots: [] };
  if (unsafe.has('redo-window')) return { base: stamp.decided ?? 0, slots: [] };
  if (stamp.decided !== undefined && stamp.atMs < now - limits.redoMs) return { base: stamp.decided, slots: [] };
  return readBack(context, counter, now);
}

/** Reads the log back from its end to the first slot that is old enough to tell. */
async function readBack(context: Context, { revision, stamp }: Counter, now: number): Promise<Beginning> {
  const read: Slot[] = [];
  for (let bucket = Math.floor(revision / SLOTS_PER_BUCKET); bucket >= 0; bucket--) {
    const from = bucket * SLOTS_PER_BUCKET;
    const to = Math.min(revision, from + SLOTS_PER_BUCKET - 1);
    const slots = await repeated(context, () => context.database.querySlots(bucket, from, to));
    read.push(...slots);
    const base = await baseIn(context, slots, { from, to, decided: stamp?.decided ?? 0 }, now);
    if (base !== undefined) return { base, slots: read };
  }
  return { base: 0, slots: read };
}

async function baseIn(
  context: Context,
  slots: readonly Slot[],
  { from, to, decided }: { from: number; to: number; decided: number },
  now: number,
): Promise<number | undefined> {
  const { database, limits } = context;
  const byRevision = new Map(slots.map((slot) => [slot.revision, slot]));
  for (let revision = to; revision >= Math.max(1, from); revision--) {
    const slot = byRevision.get(revision);
    // Decided and yet not there: it was collected, hours ago, unless only the Query does not show it yet.
    if (!slot && revision <= decided && !(await repeated(context, () => database.readSlot(revision)))) return revision;
    if (slot && slot.atMs < now - limits.settledMs) return revision;
    if (slot?.decided !== undefined && slot.atMs < now - limits.redoMs) return slot.decided;
  }
  return undefined;
}
