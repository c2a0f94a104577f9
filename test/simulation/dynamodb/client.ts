import { type ListOptions, type Store, StoreError, type StoreView, type Write } from '../../../lib/storage/contract.ts';
import {
  type GetRecord,
  type History,
  type Intent,
  type ListRecord,
  type Refusal,
  seen,
  seenChange,
  type WatchRecord,
  type WriteRecord,
} from './history.ts';
import type { Instance } from './instance.ts';
import type { Tables } from './tables.ts';
import type { World } from './world.ts';

/** A page, and the token of the next one. */
export interface Page {
  record: ListRecord;
  token: string | undefined;
}

/** How and since when something is read. */
interface Within {
  view: StoreView;
  asked: { instance: string; invoked: number; floor: number };
}

/** Asks one instance's store, and writes down what was asked and answered. */
export class RecordingClient {
  readonly instance: Instance;
  readonly history: History;
  readonly #store: Store;
  readonly #tables: Tables;
  readonly #world: World;

  constructor(instance: Instance, store: Store, history: History, tables: Tables, world: World) {
    this.instance = instance;
    this.history = history;
    this.#store = store;
    this.#tables = tables;
    this.#world = world;
  }

  async write(id: string, intents: readonly Intent[], size: number): Promise<WriteRecord> {
    const record: WriteRecord = { kind: 'write', id, intents, ...this.#asked() };
    this.history.records.push(record);
    const writes = intents.map((intent) => this.#writeOf(record, intent, size));
    await this.#answer(record, async () => {
      const { revision, items } = await this.#store.commit(writes);
      record.result = { revision, items: items.map(seen) };
      this.history.saw(revision);
    });
    return record;
  }

  async get(key: string, within: Within = this.#present()): Promise<GetRecord> {
    const record: GetRecord = { kind: 'get', key, ...within.asked };
    this.history.records.push(record);
    await this.#answer(record, async () => {
      const item = await within.view.get(key);
      record.item = item && seen(item);
      this.history.saw(item?.revision ?? 0);
    });
    return record;
  }

  /** `from`: what the token or the revision stands for. */
  async list(
    prefix: string,
    options: ListOptions,
    from: { at?: number; after?: string } = {},
    within: Within = this.#present(),
  ): Promise<Page> {
    const record: ListRecord = { kind: 'list', prefix, limit: options.limit ?? 0, ...from, ...within.asked };
    this.history.records.push(record);
    let token: string | undefined;
    await this.#answer(record, async () => {
      const { revision, items, remaining, ...more } = await within.view.list(prefix, options);
      token = more.continue;
      record.result = { revision, items: items.map(seen), remaining, continues: token !== undefined };
      this.history.saw(revision);
    });
    return { record, token: token ?? record.refusal?.continue };
  }

  /** Several reads for one request of a client: each holds at least what was there when the request began. */
  async request(reads: (within: Within) => Promise<void>): Promise<void> {
    const within = { ...this.#present(), view: this.#store.view ?? this.#store };
    await (this.#store.inRequest?.(() => reads(within)) ?? reads(within));
  }

  /** What a woken function is told: all that happened since. */
  async changes(from: number): Promise<void> {
    const record: WatchRecord = { kind: 'watch', prefix: '', from, batches: [], ...this.#asked() };
    this.history.records.push(record);
    await this.#answer(record, async () => {
      const { revision, changes } = await this.#store.changes(from);
      record.batches.push({ revision, changes: changes.map(seenChange), step: this.#world.step });
      this.history.saw(revision);
      if (revision < record.floor)
        this.history.violations.push(`changes at ${revision} after ${record.floor} was seen`);
    });
  }

  async watch(
    prefix: string,
    from: number,
    signal: AbortSignal,
    until?: (revision: number) => boolean,
  ): Promise<WatchRecord> {
    const record: WatchRecord = { kind: 'watch', prefix, from, batches: [], ...this.#asked() };
    this.history.records.push(record);
    await this.#answer(record, async () => {
      for await (const { revision, changes } of this.#store.watch(prefix, { from, signal, progressMs: 1_000 })) {
        record.batches.push({ revision, changes: changes.map(seenChange), step: this.#world.step });
        this.history.saw(revision);
        if (until?.(revision)) break;
      }
    });
    return record;
  }

  compact(revision: number): Promise<void> {
    return this.#store.compact(revision).catch(() => undefined);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #present(): Within {
    return { view: this.#store, asked: this.#asked() };
  }

  #asked() {
    return { instance: this.instance.name, invoked: this.#world.step, floor: this.history.floor };
  }

  async #answer(
    record: { returned?: number; ceiling?: number; refusal?: Refusal; instance: string },
    ask: () => Promise<void>,
  ): Promise<void> {
    try {
      await ask();
    } catch (error) {
      if (error instanceof StoreError) record.refusal = refusalOf(error);
      else this.history.violations.push(`on ${record.instance}: ${error instanceof Error ? error.stack : error}`);
    }
    record.returned = this.#world.step;
    record.ceiling = this.#tables.counter.revision;
  }

  #writeOf(record: WriteRecord, intent: Intent, size: number): Write {
    const { op, key, expected } = intent;
    if (op === 'check') return { op, key, revision: expected };
    const value = this.history.encode(record, intent, size);
    return op === 'create' ? { op, key, value } : { op, key, revision: expected, value };
  }
}

function refusalOf({ reason, key, current, ...more }: StoreError): Refusal {
  return { reason, key, current: current && seen(current), continue: more.continue };
}
