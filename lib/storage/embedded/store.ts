import type { Clock, Timer } from '../../runtime/clock.ts';
import {
  type CommitResult,
  type Item,
  type ItemList,
  type ListOptions,
  type Store,
  StoreError,
  type WatchBatch,
  type WatchOptions,
  type Write,
} from '../contract.ts';
import { Ages } from '../memory/ages.ts';
import type { LogEntry } from '../memory/change-log.ts';
import type { Limits } from '../memory/limits.ts';
import { list } from '../memory/list.ts';
import { StorageType, typeOf } from '../memory/storage-type.ts';
import { watch } from '../memory/watch.ts';
import type { Journal } from './journal.ts';
import { Plan } from './plan.ts';

/** How often logs are looked at for entries that are too old. */
const TRIM_EVERY_MS = 30_000;

/** What a store begins with, read from its journal. */
export interface Contents {
  revision: number;
  row: number;
  compacted: ReadonlyMap<string, number>;
  entries: Iterable<LogEntry>;
}

interface Request {
  writes: readonly Write[];
  resolve(result: CommitResult): void;
  reject(error: unknown): void;
}

/** In memory, made durable by a journal: reads never touch the disk. */
export class EmbeddedStore implements Store {
  readonly clock: Clock;
  readonly #journal: Journal;
  readonly #limits: Limits;
  readonly #types = new Map<string, StorageType>();
  #compacted: number;
  #revision: number;
  #row: number;
  #queue: Request[] = [];
  #writing: Promise<void> | undefined;
  #garbage: number[] = [];
  #trim: Timer | undefined;
  readonly #ages = new Ages();
  #closed = false;

  constructor(journal: Journal, contents: Contents, clock: Clock, limits: Limits) {
    this.clock = clock;
    this.#journal = journal;
    this.#limits = limits;
    this.#revision = contents.revision;
    this.#row = contents.row;
    this.#compacted = contents.compacted.get('') ?? 0;
    this.#load(contents);
  }

  async get(key: string): Promise<Item | undefined> {
    this.#open();
    return this.#type(key).index.get(key);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ItemList> {
    this.#open();
    return list(this.#type(prefix), prefix, options, { newest: this.#revision, aged: this.#ages.aged });
  }

  async revision(): Promise<number> {
    this.#open();
    return this.#revision;
  }

  /** Commits of one turn of the event loop, and those that come while the disk is waited for, share one transaction and one wait. */
  commit(writes: readonly Write[]): Promise<CommitResult> {
    return new Promise((resolve, reject) => {
      this.#open();
      if (this.#queue.push({ writes, resolve, reject }) === 1) this.#flushSoon();
    });
  }

  watch(prefix: string, options: WatchOptions): AsyncIterable<WatchBatch> {
    const store = this;
    const source = {
      clock: this.clock,
      get revision() {
        return store.#revision;
      },
      get closed() {
        return store.#closed;
      },
    };
    return watch(source, this.#type(prefix), prefix, options);
  }

  async changes(from: number): Promise<WatchBatch> {
    this.#open();
    const revision = this.#revision;
    if (from > revision) throw new StoreError('FutureRevision', `revision ${from} is not reached yet, ${revision} is`);
    const logs = [...this.#types.values()].map(({ log }) => log);
    const compacted = Math.max(this.#compacted, ...logs.map((log) => log.compacted));
    if (from < compacted) throw new StoreError('Expired', `revision ${from} is compacted, the oldest is ${compacted}`);
    const changes = logs.flatMap((log) => log.from(log.positionAfter(from)));
    return { changes: changes.sort((a, b) => a.revision - b.revision), revision };
  }

  async compact(revision: number): Promise<void> {
    this.#open();
    const upTo = Math.min(revision, this.#revision);
    this.#compacted = Math.max(this.#compacted, upTo);
    for (const type of this.#types.values()) this.#forget(type, upTo);
    this.#collect();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    do {
      await this.#writing;
      await this.#flush();
    } while (this.#queue.length > 0);
    this.#collectOrRetry();
    this.#trim?.cancel();
    for (const type of this.#types.values()) type.wake();
    this.#journal.close();
  }

  #flushSoon(): void {
    if (this.#writing) return;
    setImmediate(() => void this.#flush());
  }

  /** Plans against memory, makes it durable, then applies it: until then nobody sees it, and the next commits wait. */
  #flush(): Promise<void> {
    if (this.#writing || this.#queue.length === 0) return this.#writing ?? Promise.resolve();
    const requests = this.#queue;
    this.#queue = [];
    this.#writing = this.#write(this.#plan(), requests).finally(() => {
      this.#writing = undefined;
      if (this.#queue.length > 0) this.#flushSoon();
    });
    return this.#writing;
  }

  async #write(plan: Plan, requests: readonly Request[]): Promise<void> {
    const planned = requests.flatMap((request) => {
      try {
        return [{ request, result: plan.add(request.writes) }];
      } catch (error) {
        request.reject(error);
        return [];
      }
    });
    try {
      if (plan.entries.length > 0) await this.#journal.append(plan.entries);
    } catch (error) {
      // A revision whose outcome is unknown is never given out again.
      if (error instanceof StoreError && error.reason === 'Unknown') this.#skip(plan);
      for (const { request } of planned) request.reject(error);
      return;
    }
    this.#apply(plan);
    for (const { request, result } of planned) request.resolve(result);
  }

  #plan(): Plan {
    return new Plan({
      revision: this.#revision,
      row: this.#row,
      now: this.clock.now(),
      maxValueBytes: this.#limits.maxValueBytes,
      present: (key) => this.#type(key).index.get(key),
    });
  }

  #skip(plan: Plan): void {
    this.#revision = plan.revision;
    this.#row += plan.entries.length;
  }

  #apply(plan: Plan): void {
    const touched = new Set<StorageType>();
    for (const entry of plan.entries) {
      const type = this.#type(entry.key);
      type.apply(entry);
      touched.add(type);
    }
    this.#skip(plan);
    for (const type of touched) {
      this.#bound(type);
      type.wake();
    }
    if (plan.entries.length > 0) this.#trimLater();
  }

  #bound(type: StorageType): void {
    const excess = type.log.excess({ maxBytes: this.#limits.maxLogBytes, maxEntries: this.#limits.maxLogEntries });
    if (excess !== undefined) this.#forget(type, excess);
  }

  #forgetOld(): void {
    const now = this.clock.now();
    const oldest = now - this.#limits.retentionMs;
    this.#ages.add(this.#revision, now);
    this.#ages.forget(oldest);
    for (const type of this.#types.values()) {
      const older = type.log.olderThan(oldest);
      if (older !== undefined) this.#forget(type, older);
    }
  }

  #forget(type: StorageType, revision: number): void {
    for (const entry of type.log.compact(revision)) {
      if (entry.before) this.#garbage.push(entry.before.row);
      if (entry.type === 'deleted') this.#garbage.push(entry.row);
    }
  }

  /** Removes forgotten rows from the disk. A crash before it only leaves a longer log there. */
  #collect(): void {
    const compacted = new Map([['', this.#compacted]]);
    for (const type of this.#types.values()) compacted.set(type.name, type.log.compacted);
    this.#journal.forget({ revision: this.#revision, row: this.#row, compacted, rows: this.#garbage });
    this.#garbage = [];
  }

  /** A disk that refuses keeps its garbage until the next time. */
  #collectOrRetry(): void {
    try {
      if (this.#garbage.length > 0) this.#collect();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }

  /** Only while there is something to forget: an idle store sets no timer. */
  #trimLater(): void {
    this.#trim ??= this.clock.schedule(TRIM_EVERY_MS, () => {
      this.#trim = undefined;
      if (this.#closed) return;
      this.#forgetOld();
      this.#collectOrRetry();
      const isYoung = this.#ages.aged < this.#revision;
      if (isYoung || this.#hasLog() || this.#garbage.length > 0) this.#trimLater();
    });
  }

  #hasLog(): boolean {
    return [...this.#types.values()].some(({ log }) => log.end > log.head);
  }

  #load({ compacted, entries }: Contents): void {
    for (const [name, revision] of compacted) if (name) this.#types.set(name, new StorageType(name, revision));
    for (const entry of entries) {
      const type = this.#type(entry.key);
      if (entry.revision <= type.log.compacted) type.restore(entry);
      else type.apply(withBefore(entry, type));
    }
    this.#forgetOld();
    for (const type of this.#types.values()) this.#bound(type);
    this.#trimLater();
  }

  #type(key: string): StorageType {
    const name = typeOf(key);
    const known = this.#types.get(name);
    if (known) return known;
    const type = new StorageType(name, this.#compacted);
    this.#types.set(name, type);
    return type;
  }

  #open(): void {
    if (this.#closed) throw new StoreError('Closed', 'the store is closed');
  }
}

function withBefore(entry: LogEntry, type: StorageType): LogEntry {
  const before = type.index.get(entry.key);
  return before ? { ...entry, before, previous: before.value } : entry;
}
