import { type CommitResult, type Item, StoreError, type Write } from '../contract.ts';
import type { LogEntry, StoredItem } from './change-log.ts';

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
      const before = this.#check(write);
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

  /** The key's present state, if it is what the write expects. */
  #check(write: Write): StoredItem | undefined {
    const { key } = write;
    const present = this.#planned.has(key) ? this.#planned.get(key) : this.#base.present(key);
    const expected = write.op === 'create' ? 0 : write.revision;
    if (expected === 0) {
      if (present && write.op === 'create') throw new StoreError('Exists', `${key} exists`, { key, current: present });
      if (present) throw new StoreError('Conflict', `${key} exists`, { key, current: present });
      return undefined;
    }
    if (!present) throw new StoreError('NotFound', `${key} is not there`, { key });
    if (present.revision !== expected) {
      const message = `${key} is at revision ${present.revision}, not ${expected}`;
      throw new StoreError('Conflict', message, { key, current: present });
    }
    return present;
  }

  #entry(
    write: Exclude<Write, { op: 'check' }>,
    revision: number,
    before: StoredItem | undefined,
    offset: number,
  ): LogEntry {
    const value = rightSized(write.value(revision));
    if (value.length > this.#base.maxValueBytes) {
      const message = `${write.key} has ${value.length} bytes, more than ${this.#base.maxValueBytes}`;
      throw new StoreError('TooLarge', message, { key: write.key });
    }
    const row = this.#base.row + this.entries.length + offset + 1;
    const common = { type: TYPES[write.op], key: write.key, revision, value, before, at: this.#base.now, row };
    return before ? { ...common, previous: before.value } : common;
  }
}

const TYPES = { create: 'created', update: 'updated', delete: 'deleted' } as const;

function itemOf({ key, revision, value, row }: LogEntry): StoredItem & Item {
  return { key, revision, value, row };
}

/** A slice of a pooled buffer would keep its whole pool alive for as long as the object lives. */
function rightSized(value: Uint8Array): Uint8Array {
  return value.buffer.byteLength === value.byteLength ? value : new Uint8Array(value);
}
