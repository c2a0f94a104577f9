import type { Parameters } from '../../lib/cloud/aws/parameters.ts';
import { type Clock, delay } from '../../lib/runtime/clock.ts';

/** A parameter has no compare-and-swap, but is created only once: whoever has created this one may change the others. */
export const LOCK = 'lock';

/** Longer than the function may run: nobody holds it any more. */
const LOCK_MS = 2 * 60_000;
const RETRY_MS = 500;
const MAX_ATTEMPTS = 60;

/** One at a time: a deployment and a command, say, of which the slower would take away the other's key. */
export async function withLock<T>(parameters: Parameters, clock: Clock, work: () => Promise<T>): Promise<T> {
  await acquire(parameters, clock);
  try {
    return await work();
  } finally {
    await parameters.remove([LOCK]);
  }
}

async function acquire(parameters: Parameters, clock: Clock): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    if (await parameters.create(LOCK, String(clock.now() + LOCK_MS))) return;
    const until = (await parameters.readAll()).get(LOCK);
    // Left behind by one that was killed.
    if (until !== undefined && Number(until) < clock.now()) await parameters.remove([LOCK]);
    else await delay(clock, RETRY_MS);
  }
  throw new Error('somebody else changes the keys of the cluster: try again in some minutes');
}
