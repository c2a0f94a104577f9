import { begin } from './begin.ts';
import { coalesced } from './coalesced.ts';
import type { Context } from './context.ts';
import { decideUpTo } from './holes.ts';
import { TooLate } from './logged-change.ts';
import type { Replica } from './replica.ts';
import { repeated, throttled } from './retry.ts';

/** A process frozen again and again just then. */
const MAX_ATTEMPTS = 5;

/** Brings the replica to the present: to a state that holds every write acknowledged before the call. Calls at the same time share one. */
export function catchUp(context: Context, replica: Replica): () => Promise<void> {
  return coalesced(async () => {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      try {
        return await follow(context, replica);
      } catch (error) {
        if (!(error instanceof TooLate)) throw error;
        replica.discard();
      }
    }
    throw throttled(new Error('the log went away while it was read'));
  });
}

async function follow(context: Context, replica: Replica): Promise<void> {
  const startedAt = context.clock.now();
  const counter = await repeated(context, () => context.database.readCounter());
  const isFar = counter.revision - replica.revision > context.limits.maxCatchUpSlots;
  if (replica.isTooOld || isFar) replica.discard();
  if (!replica.begun) await begin(context, replica, counter, startedAt);
  try {
    await decideUpTo(context, replica, counter, startedAt);
    // Not before: whoever reads meanwhile reads a revision before it, which is the present for him.
    replica.raiseCompacted(counter.compacted);
    replica.caughtUp(startedAt);
  } finally {
    // How old the slots are that it lacks is known of a replica that was the present once.
    if (!replica.wasPresent) replica.discard();
  }
}
