import type { Context } from './context.ts';
import { KEPT_MS } from './database.ts';
import { fill } from './holes.ts';
import type { Replica } from './replica.ts';
import { isPassing, pause } from './retry.ts';

/**
 * Whether a commit whose reply was lost has happened. Its slot tells: ours, it has; a no-op, it has not and never will; empty, nobody knows yet: then it is
 * filled, and who comes first decides. Undefined: it could not be found out in time.
 */
export async function outcome(
  context: Context,
  replica: Replica,
  { revision, commitId, takenAtMs }: { revision: number; commitId: string; takenAtMs: number },
): Promise<boolean | undefined> {
  const { clock, database, limits, unsafe } = context;
  if (unsafe.has('ask-slot')) return false;
  const deadline = clock.now() + limits.readTimeoutMs;
  for (let failures = 0; clock.now() < deadline; failures++) {
    try {
      const slot = await database.readSlot(revision);
      // Slots are collected after a while: an empty one then says nothing, and neither does what filled it.
      if (clock.now() - takenAtMs > KEPT_MS / 2) return undefined;
      if (slot) return slot.commitId === commitId;
      if (unsafe.has('fill-slot')) return false;
      await fill(context, replica, revision, takenAtMs + KEPT_MS / 2);
    } catch (error) {
      if (!isPassing(error)) throw error;
    }
    if (failures > 0) await pause(context, failures);
  }
  return unsafe.has('unknown') ? false : undefined;
}
