import { DEFAULT_LIMITS as MEMORY_LIMITS, type Limits as MemoryLimits } from '../memory/limits.ts';
import { KEPT_MS } from './database.ts';

export interface Limits extends MemoryLimits {
  /** A commit is tried again until then, and never signed later. */
  commitTimeoutMs: number;
  /** How long a read is tried again, and how long an unknown outcome is asked for. */
  readTimeoutMs: number;
  /** How long a reader waits for the writer of an empty slot before it gives him up. */
  holeWaitMs: number;
  /** After this time a decided transaction is visible whole, clocks that differ included. */
  redoMs: number;
  /** A revision taken longer ago can no longer be committed: its deadline, the life of a signature and clocks that differ are far shorter. */
  settledMs: number;
  /** A cache that was the present longer ago may have missed slots that were collected since. */
  maxCacheAgeMs: number;
  /** A reader who saw the counter longer ago fills no slot: an empty one may have been collected. */
  fillWithinMs: number;
  /** Further behind, loading anew is cheaper than reading the log. */
  maxCatchUpSlots: number;
  /** Larger values, as they are stored, go into parts: from a few KiB on that costs less than writing them twice in a transaction. */
  inlineBytes: number;
  /** A type is loaded when it is asked for the next key after so many. */
  coldGets: number;
  /** How often watches look at the counter: soon after a change, and when nothing happens. */
  pollMinMs: number;
  pollMaxMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  ...MEMORY_LIMITS,
  commitTimeoutMs: 10_000,
  readTimeoutMs: 10_000,
  holeWaitMs: 400,
  redoMs: 60_000,
  settledMs: 30 * 60_000,
  maxCacheAgeMs: KEPT_MS / 2,
  fillWithinMs: 10 * 60_000,
  maxCatchUpSlots: 20_000,
  inlineBytes: 64 << 10,
  coldGets: 2,
  pollMinMs: 100,
  pollMaxMs: 1_000,
};
