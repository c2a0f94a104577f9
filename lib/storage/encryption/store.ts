import {
  type Change,
  type CommitResult,
  type Item,
  type ItemList,
  type ListOptions,
  type Store,
  StoreError,
  type StoreView,
  type WatchBatch,
  type WatchOptions,
  type Write,
} from '../contract.ts';
import { typeOf } from '../memory/storage-type.ts';
import { open, readEnvelope, seal, sealedWith } from './envelope.ts';
import type { Keys, Writer } from './keys.ts';

/** What is sealed by default. */
export const ENCRYPTED_TYPES = ['secrets'];

export interface EncryptionOptions {
  keys: Keys;
  /** The storage types whose values are sealed; `*`: all. */
  types: readonly string[];
}

/** Seals the values of some types on their way to any store. What was stored before is read as it is, until it is written again. */
export function encryptedStore(inner: Store, options: EncryptionOptions): Store {
  return new EncryptedStore(inner, options);
}

class EncryptedStore implements Store {
  readonly #inner: Store;
  readonly #keys: Keys;
  readonly #types: ReadonlySet<string>;
  /** Opened once, and shared by whoever reads the same bytes: they live as long as the sealed ones. */
  readonly #opened = new WeakMap<Uint8Array, Promise<Uint8Array>>();
  readonly #changes = new WeakMap<Change, Change>();
  readonly view?: StoreView;
  readonly inRequest?: <T>(work: () => T) => T;

  constructor(inner: Store, { keys, types }: EncryptionOptions) {
    this.#inner = inner;
    this.#keys = keys;
    this.#types = new Set(types);
    const { view, inRequest } = inner;
    if (inRequest) this.inRequest = (work) => inRequest.call(inner, work) as ReturnType<typeof work>;
    if (view) {
      this.view = {
        get: (key) => this.#get(view, key),
        list: (prefix, listOptions = {}) => this.#list(view, prefix, listOptions),
        revision: (prefix) => view.revision(prefix),
      };
    }
  }

  get(key: string): Promise<Item | undefined> {
    return this.#get(this.#inner, key);
  }

  list(prefix: string, options: ListOptions = {}): Promise<ItemList> {
    return this.#list(this.#inner, prefix, options);
  }

  async commit(writes: readonly Write[]): Promise<CommitResult> {
    if (!writes.some(({ key }) => this.#isSealed(key))) return this.#inner.commit(writes);
    const writer = await this.#writer();
    try {
      const result = await this.#inner.commit(writes.map((write) => this.#sealing(write, writer)));
      return { ...result, items: await this.#openAll(result.items) };
    } catch (error) {
      throw await this.#openError(error);
    }
  }

  watch(prefix: string, options: WatchOptions): AsyncIterable<WatchBatch> {
    const batches = this.#inner.watch(prefix, options);
    if (!this.#isSealed(prefix)) return batches;
    return { [Symbol.asyncIterator]: () => this.#openBatches(batches[Symbol.asyncIterator]()) };
  }

  async changes(from: number): Promise<WatchBatch> {
    return this.#openBatch(await this.#inner.changes(from));
  }

  revision(prefix: string): Promise<number> {
    return this.#inner.revision(prefix);
  }

  compact(revision: number): Promise<void> {
    return this.#inner.compact(revision);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #get(from: StoreView, key: string): Promise<Item | undefined> {
    const item = await from.get(key);
    return item && this.#isSealed(key) ? this.#openItem(item) : item;
  }

  async #list(from: StoreView, prefix: string, options: ListOptions): Promise<ItemList> {
    const list = await from.list(prefix, options);
    return this.#isSealed(prefix) ? { ...list, items: await this.#openAll(list.items) } : list;
  }

  #isSealed(key: string): boolean {
    return this.#types.has('*') || this.#types.has(typeOf(key));
  }

  #sealing(write: Write, writer: Writer): Write {
    const { op, key } = write;
    if (op === 'check' || !this.#isSealed(key)) return write;
    return {
      ...write,
      value: (revision) => {
        const plain = write.value(revision);
        const sealed = seal(writer.name, writer.dataKey(), key, plain);
        // A copy: the writer may use its buffer again.
        this.#opened.set(sealed, Promise.resolve(new Uint8Array(plain)));
        return sealed;
      },
    };
  }

  async #openItem(item: Item): Promise<Item> {
    return (await this.#openAll([item]))[0]!;
  }

  /** Whoever meets an older key, or none, may write the same again: `stale`. */
  async #openAll(items: readonly Item[]): Promise<Item[]> {
    const { name } = await this.#writer();
    const opened: Item[] = [];
    for (const item of items) {
      const { key, revision } = item;
      const value = this.#isSealed(key) ? await this.#open(key, item.value) : item.value;
      const isStale = this.#isSealed(key) && sealedWith(item.value) !== name;
      opened.push(isStale ? { key, revision, value, stale: true } : { key, revision, value });
    }
    return opened;
  }

  async #writer(): Promise<Writer> {
    try {
      return await this.#keys.writer();
    } catch (cause) {
      throw new StoreError('Unreadable', `no key to seal with: ${messageOf(cause)}`, { cause });
    }
  }

  /** Throws StoreError `Unreadable`. */
  #open(key: string, value: Uint8Array): Promise<Uint8Array> {
    const known = this.#opened.get(value);
    if (known) return known;
    const opening = this.#openOnce(key, value);
    this.#opened.set(value, opening);
    // A key that is missing now may be there the next time.
    opening.catch(() => this.#opened.delete(value));
    return opening;
  }

  async #openOnce(key: string, value: Uint8Array): Promise<Uint8Array> {
    try {
      const envelope = readEnvelope(value);
      if (!envelope) return value;
      return open(envelope, await this.#keys.unwrap(envelope.keyName, envelope.wrapped), key);
    } catch (cause) {
      throw new StoreError('Unreadable', `the value of ${key} cannot be opened: ${messageOf(cause)}`, { key, cause });
    }
  }

  #openBatches(batches: AsyncIterator<WatchBatch>): AsyncIterator<WatchBatch, undefined> {
    return {
      next: async () => {
        const next = await batches.next();
        return next.done ? { done: true, value: undefined } : { done: false, value: await this.#openBatch(next.value) };
      },
      return: async () => {
        await batches.return?.();
        return { done: true, value: undefined };
      },
    };
  }

  async #openBatch(batch: WatchBatch): Promise<WatchBatch> {
    const changes: Change[] = [];
    for (const change of batch.changes) {
      changes.push(this.#isSealed(change.key) ? await this.#openChange(change) : change);
    }
    return { ...batch, changes };
  }

  async #openChange(change: Change): Promise<Change> {
    const known = this.#changes.get(change);
    if (known) return known;
    const { type, key, revision } = change;
    const value = await this.#open(key, change.value);
    const previous = change.previous && (await this.#open(key, change.previous));
    const opened = previous ? { type, key, revision, value, previous } : { type, key, revision, value };
    this.#changes.set(change, opened);
    return opened;
  }

  async #openError(error: unknown): Promise<unknown> {
    if (!(error instanceof StoreError) || !error.current || !this.#isSealed(error.current.key)) return error;
    const { reason, message, key, cause } = error;
    const current = await this.#openItem(error.current);
    return new StoreError(reason, message, { ...(key === undefined ? {} : { key }), current, cause });
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
