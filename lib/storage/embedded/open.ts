import { type Clock, systemClock } from '../../runtime/clock.ts';
import type { Store } from '../contract.ts';
import { DEFAULT_LIMITS, type Limits } from '../memory/limits.ts';
import { memoryJournal } from './journal.ts';
import { openSqliteJournal } from './sqlite-journal.ts';
import { EmbeddedStore } from './store.ts';

export interface MemoryStoreOptions extends Partial<Limits> {
  clock?: Clock;
}

export interface EmbeddedStoreOptions extends MemoryStoreOptions {
  /** The SQLite file; it and its folder are made if absent. */
  path: string;
  /** The largest the database may grow. Default: as the disk allows. */
  maxBytes?: number;
}

/** Durable: an acknowledged commit survives `kill -9` and power loss. */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<Store> {
  const { path, maxBytes, clock = systemClock, ...limits } = options;
  const { journal, contents } = openSqliteJournal(path, maxBytes);
  return new EmbeddedStore(journal, contents, clock, { ...DEFAULT_LIMITS, ...limits });
}

/** The same core without a disk: for tests and simulation. */
export async function openMemoryStore(options: MemoryStoreOptions = {}): Promise<Store> {
  const { clock = systemClock, ...limits } = options;
  const contents = { revision: 0, row: 0, compacted: new Map<string, number>(), entries: [] };
  return new EmbeddedStore(memoryJournal, contents, clock, { ...DEFAULT_LIMITS, ...limits });
}
