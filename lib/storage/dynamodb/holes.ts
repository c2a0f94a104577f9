import { eachBounded } from '../../runtime/bounded.ts';
import { delay } from '../../runtime/clock.ts';
import type { Context } from './context.ts';
import { type Counter, SLOTS_PER_BUCKET } from './database.ts';
import { decodeSlot } from './logged-change.ts';
import type { Replica } from './replica.ts';
import { isPassing, repeated, throttled } from './retry.ts';

const MAX_REQUESTS_AT_ONCE = 8;
/** When an empty slot is looked at again: most writers are a few milliseconds from their commit. */
const LOOK_AGAIN_MS = [5, 10, 20, 40, 80, 160];

/** Reads the log on to this counter, and applies it. Whoever took a revision and does not use it is waited for a moment, then given up. */
export async function decideUpTo(
  context: Context,
  replica: Replica,
  counter: Counter,
  readAtMs: number,
): Promise<void> {
  const { clock, limits } = context;
  const startedAt = clock.now();
  // The revisions in question were taken before the counter was read, most of them before its stamp.
  const giveUpAt = Math.min(startedAt, counter.stamp?.atMs ?? startedAt) + limits.holeWaitMs;
  for (let look = 0; ; look++) {
    await readSlots(context, replica, replica.missing(counter.revision));
    await replica.applyOffered();
    const missing = replica.missing(counter.revision);
    if (missing.length === 0) return;
    if (clock.now() - startedAt > limits.readTimeoutMs) throw throttled(new Error('slots of the log stay empty'));
    if (clock.now() >= giveUpAt)
      await eachBounded(missing, MAX_REQUESTS_AT_ONCE, (slot) =>
        fill(context, replica, slot, readAtMs + limits.fillWithinMs),
      );
    if (replica.missing(counter.revision).length > 0) await delay(clock, LOOK_AGAIN_MS[look] ?? LOOK_AGAIN_MS.at(-1)!);
  }
}

async function readSlots(context: Context, replica: Replica, missing: readonly number[]): Promise<void> {
  const buckets = Map.groupBy(missing, (revision) => Math.floor(revision / SLOTS_PER_BUCKET));
  await eachBounded([...buckets], MAX_REQUESTS_AT_ONCE, async ([bucket, revisions]) => {
    const slots = await repeated(context, () => context.database.querySlots(bucket, revisions[0]!, revisions.at(-1)!));
    for (const slot of slots) replica.offer(decodeSlot(slot));
  });
}

/** Gives up the writer who took this revision: his commit can no longer happen. If he was quicker, his slot is there at the next look. */
export async function fill(
  { database, clock, unsafe }: Context,
  replica: Replica,
  revision: number,
  deadlineMs: number,
): Promise<void> {
  const stamp = { atMs: clock.now(), ...(replica.isFresh && { decided: replica.revision }) };
  try {
    if (!unsafe.has('fill-holes') && !(await database.fillSlot(revision, stamp, deadlineMs))) return;
    replica.offer({ revision, ...stamp, changes: [] });
  } catch (error) {
    if (!isPassing(error)) throw error;
  }
}
