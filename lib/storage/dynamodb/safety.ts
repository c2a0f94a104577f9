/** Each step that keeps a promise of the store. The simulation takes them away one at a time, and must notice. */
export type SafetyStep =
  | 'fill-holes' // an empty slot is filled before it is passed over
  | 'redo' // the log is redone over items that a Query read
  | 'redo-window' // what was decided lately counts as not yet visible
  | 'catch-up-after-query' // a loaded type is brought to a revision that no item exceeds
  | 'catch-up-before-read' // a warm cache is not the present until the counter says so
  | 'ask-slot' // after a lost reply the slot says whether the commit happened
  | 'fill-slot' // an empty slot after a lost reply is filled before the commit is tried again
  | 'unknown' // an outcome that nobody could tell is not called a failure
  | 'attempt-deadline' // a commit is not signed when its revision is old
  | 'cache-age'; // a cache older than the log is thrown away

export type Unsafe = ReadonlySet<SafetyStep>;

export const SAFE: Unsafe = new Set();
