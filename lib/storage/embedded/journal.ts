import type { LogEntry } from '../memory/change-log.ts';

/** Where changes become durable. */
export interface Journal {
  /**
   * All of them or none; durable when the promise resolves. Rejects with StoreError: `Throttled` or `Full` if nothing happened, `Unknown` otherwise.
   * One call at a time.
   */
  append(entries: readonly LogEntry[]): Promise<void>;
  /** What the log forgot: rows that nothing needs any more, and up to where each type's log is gone. */
  forget(garbage: Garbage): void;
  close(): void;
}

export interface Garbage {
  /** The newest revision and row, so that they are not reused when the rows are gone. */
  revision: number;
  row: number;
  /** Storage type → compacted revision; `''` for types that have no log yet. */
  compacted: ReadonlyMap<string, number>;
  /** Rows that nothing needs. */
  rows: readonly number[];
}

/** Keeps nothing: for tests and simulation. */
export const memoryJournal: Journal = { async append() {}, forget() {}, close() {} };
