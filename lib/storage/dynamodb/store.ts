import {
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
import { decodeToken } from '../memory/continue-token.ts';
import { list } from '../memory/list.ts';
import { type StorageType, typeOf } from '../memory/storage-type.ts';
import { watch } from '../memory/watch.ts';
import { catchUp } from './catch-up.ts';
import { changes } from './changes.ts';
import { commit } from './commit.ts';
import type { Context } from './context.ts';
import { extendBack } from './history.ts';
import { Poll } from './poll.ts';
import { type Freshen, Reads } from './reads.ts';
import { Replica } from './replica.ts';
import { repeated, throttled } from './retry.ts';
import { RequestScope } from './scope.ts';
import { watching } from './watching.ts';

/** The cache is thrown away when it is too old: not again and again. */
const MAX_ATTEMPTS = 5;

/** The log in DynamoDB, and a replica of what is asked for in memory. */
export class DynamoStore implements Store {
  readonly #context: Context;
  readonly #replica: Replica;
  readonly #catchUp: Freshen;
  readonly #reads: Reads;
  readonly #poll: Poll;
  readonly #scope = new RequestScope();
  #closed = false;

  /** Reads as of the first look of the request that they serve: see `inRequest`. */
  readonly view: StoreView;

  constructor(context: Context) {
    this.#context = context;
    this.#replica = new Replica(context);
    this.#catchUp = catchUp(context, this.#replica);
    this.#reads = new Reads(context, this.#replica, this.#catchUp);
    this.#poll = new Poll(context, this.#replica, this.#catchUp);
    // What a request has found is worth nothing once the cache was thrown away.
    const freshen = () =>
      this.#replica.begun ? this.#scope.freshen(this.#fresh, this.#replica.revision) : this.#fresh();
    this.view = {
      get: (key) => this.#get(key, freshen),
      list: (prefix, options = {}) => this.#list(prefix, options, freshen),
      revision: () => this.#newest(freshen),
    };
  }

  inRequest<T>(work: () => T): T {
    return this.#scope.run(work);
  }

  get(key: string): Promise<Item | undefined> {
    return this.#get(key, this.#fresh);
  }

  list(prefix: string, options: ListOptions = {}): Promise<ItemList> {
    return this.#list(prefix, options, this.#fresh);
  }

  revision(): Promise<number> {
    return this.#newest(this.#fresh);
  }

  async commit(writes: readonly Write[]): Promise<CommitResult> {
    this.#open();
    const result = await commit(
      { context: this.#context, replica: this.#replica, reads: this.#reads, catchUp: this.#catchUp },
      writes,
    );
    this.#scope.wrote(result.revision);
    // Our own watchers need not wait for the next look.
    if (this.#poll.isOn && this.#replica.revision < result.revision) void this.#poll.look();
    return result;
  }

  watch(prefix: string, options: WatchOptions): AsyncIterable<WatchBatch> {
    return {
      [Symbol.asyncIterator]: () => {
        const end = { poll: () => {} };
        const open = async () => {
          this.#open();
          const cursor = (type: StorageType) => watch(this.#source(), type, prefix, options)[Symbol.asyncIterator]();
          const opened = await this.#with(prefix, options.from, async () => {}, cursor);
          end.poll = this.#poll.begin();
          return opened;
        };
        return watching(options, open, () => end.poll());
      },
    };
  }

  async changes(from: number): Promise<WatchBatch> {
    this.#open();
    await this.#fresh();
    return changes(this.#context, this.#replica, from);
  }

  async compact(revision: number): Promise<void> {
    this.#open();
    await this.#fresh();
    const upTo = Math.min(revision, this.#replica.revision);
    await repeated(this.#context, () => this.#context.database.raiseCompacted(upTo));
    this.#replica.raiseCompacted(upTo);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const type of this.#replica.types.values()) type.wake();
    await this.#poll.stop();
  }

  async #newest(freshen: Freshen): Promise<number> {
    this.#open();
    await freshen();
    return this.#replica.revision;
  }

  async #get(key: string, freshen: Freshen): Promise<Item | undefined> {
    this.#open();
    return (await this.#reads.get(key, freshen)).item;
  }

  async #list(prefix: string, options: ListOptions, freshen: Freshen): Promise<ItemList> {
    this.#open();
    const position = options.continue ? decodeToken(options.continue, prefix) : undefined;
    const from = (position ? position.revision : options.revision) || undefined;
    return this.#with(prefix, from, freshen, (type) => {
      const aged = this.#replica.forgetOld(type);
      return list(type, prefix, options, { newest: this.#replica.revision, aged });
    });
  }

  /** Uses the type in one go, once it is fresh and its log begins at `from`, or as near as the cluster's log still reaches. */
  async #with<T>(
    prefix: string,
    from: number | undefined,
    freshen: Freshen,
    use: (type: StorageType) => T,
  ): Promise<T> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const type = await this.#reads.type(typeOf(prefix), freshen);
      if (from !== undefined) await this.#reachBack(type, from);
      // Unless the cache was thrown away meanwhile.
      if (this.#replica.types.get(type.name) === type) return use(type);
    }
    throw throttled(new Error(`${prefix} is thrown away as soon as it is loaded`));
  }

  async #reachBack(type: StorageType, from: number): Promise<void> {
    if (from > this.#replica.revision) await this.#fresh();
    await extendBack(this.#context, this.#replica, type, from);
    this.#replica.forgetOld(type);
  }

  #source() {
    const store = this;
    return {
      clock: this.#context.clock,
      get revision() {
        return store.#replica.revision;
      },
      get closed() {
        if (store.#poll.failure && !store.#closed) throw store.#poll.failure;
        return store.#closed;
      },
    };
  }

  readonly #fresh: Freshen = () => {
    const isGuessed = this.#context.unsafe.has('catch-up-before-read') && this.#replica.begun;
    return isGuessed ? Promise.resolve() : this.#catchUp();
  };

  #open(): void {
    if (this.#closed) throw new StoreError('Closed', 'the store is closed');
  }
}
