import { eachBounded } from '../../lib/runtime/bounded.ts';

/** Requests under way at once. */
const MAX_IN_FLIGHT = 64;

/**
 * 1, 2, 4, 8, … at once, until a batch fails: what would fail for all (a quota) fails for few.
 * Source: replicaset slowStartBatch.
 */
export async function slowStart<T>(items: readonly T[], task: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0, size = 1; from < items.length; from += size, size *= 2) {
    await eachBounded(items.slice(from, from + size), MAX_IN_FLIGHT, task);
  }
}
