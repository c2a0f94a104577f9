import type { CommitResult, Item, Write } from '../contract.ts';
import type { LogEntry, StoredItem } from '../memory/change-log.ts';
import { CHANGE_TYPES, type ChangingWrite, encoded, expected } from '../memory/write.ts';

/** Where a plan begins, and the limits it keeps. */
export interface PlanBase {
  /** The newest revision and the newest journal row. */
  revision: number;
  row: number;
  now: number;
  maxValueBytes: number;
  present(key: string): StoredItem | undefined;
}

/**
 * What several commits, one after the other, do to the store: each sees those before it, one that is refused leaves nothing.
 * Nothing is changed here; the entries are applied when they are durable.
 */
export class Plan {
  readonly entries: LogEntry[] = [];
  readonly #base: PlanBase;
  /** What the planned entries make of each key. */
  readonly #planned = new Map<string, StoredItem | undefined>();
  revision: number;

  constructor(base: PlanBase) {
    this.#base = base;
    this.revision = base.revision;
  }

  /** Throws StoreError, or what an Encode threw. */
  add(writes: readonly Write[]): CommitResult {
    const revision = this.revision + 1;
    const made: LogEntry[] = [];
    for (const write of writes) {
      const before = expected(write, this.#present(write.key));
      if (write.op === 'check') continue;
      if (made.some((entry) => entry.key === write.key))
        throw new TypeError(`two writes of ${write.key} in one commit`);
      made.push(this.#entry(write, revision, before, made.length));
    }
    if (made.length === 0) return { revision: this.revision, items: [] };
    this.revision = revision;
    for (const entry of made) {
      this.entries.push(entry);
      this.#planned.set(entry.key, entry.type === 'deleted' ? undefined : itemOf(entry));
    }
    return { revision, items: made.map(itemOf) };
  }

  #present(key: string): StoredItem | undefined {
    return this.#planned.has(key) ? this.#planned.get(key) : this.#base.present(key);
  }

  #entry(write: ChangingWrite, revision: number, before: StoredItem | undefined, offset: number): LogEntry {
    const value = encoded(write, revision, this.#base.maxValueBytes);
    const row = this.#base.row + this.entries.length + offset + 1;
    const common = { type: CHANGE_TYPES[write.op], key: write.key, revision, value, before, at: this.#base.now, row };
    return before ? { ...common, previous: before.value } : common;
  }
}

function itemOf({ key, revision, value, row }: LogEntry): StoredItem & Item {
  return { key, revision, value, row };
}
