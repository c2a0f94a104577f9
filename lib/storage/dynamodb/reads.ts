import type { StoredItem } from '../memory/change-log.ts';
import { type StorageType, typeOf } from '../memory/storage-type.ts';
import type { Reference } from './blob.ts';
import type { Context } from './context.ts';
import { loadType, newer, type ReadObject, readObject } from './load.ts';
import { TooLate } from './logged-change.ts';
import type { Replica } from './replica.ts';
import { repeated, throttled } from './retry.ts';

/** A key's state: its item, and where its bytes lie if not beside it. */
export interface Present {
  readonly item: StoredItem | undefined;
  readonly reference?: Reference;
}

/** Makes sure that the replica is as new as the caller needs it. */
export type Freshen = () => Promise<void>;

/** Keys of types that are not loaded: what was read last, for the commit that usually follows. */
const MAX_COLD_ITEMS = 256;
const MAX_ATTEMPTS = 5;

/** Reads of the present: from the replica where the type is loaded, of a few single keys of other types by GetItem. */
export class Reads {
  readonly #context: Context;
  readonly #replica: Replica;
  readonly #catchUp: Freshen;
  readonly #loading = new Map<string, Promise<StorageType>>();
  readonly #coldGets = new Map<string, number>();
  readonly #cold = new Map<string, Present>();

  constructor(context: Context, replica: Replica, catchUp: Freshen) {
    this.#context = context;
    this.#replica = replica;
    this.#catchUp = catchUp;
  }

  /** The type, as new as `freshen` makes it. */
  async type(name: string, freshen: Freshen): Promise<StorageType> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const type = this.#replica.types.get(name) ?? (await this.#load(name));
      await freshen();
      if (this.#replica.types.get(name) === type) return type;
    }
    throw throttled(new Error(`${name} is thrown away as soon as it is loaded`));
  }

  async get(key: string, freshen: Freshen): Promise<Present> {
    const name = typeOf(key);
    if (this.#replica.types.has(name) || this.#isWanted(name)) return this.#in(await this.type(name, freshen), key);
    return this.#getCold(key, freshen);
  }

  /** What was known of the key last, without asking anybody; undefined: nothing. */
  peek(key: string): Present | undefined {
    const type = this.#replica.types.get(typeOf(key));
    return type ? this.#in(type, key) : this.#cold.get(key);
  }

  #in(type: StorageType, key: string): Present {
    const item = type.index.get(key);
    const kept = this.#replica.references.get(key);
    return item && kept?.revision === item.revision ? { item, reference: kept.reference } : { item };
  }

  #load(name: string): Promise<StorageType> {
    const running = this.#loading.get(name);
    if (running) return running;
    const load = loadType(this.#context, this.#replica, this.#catchUp, name);
    const done = load.finally(() => this.#loading.delete(name));
    this.#loading.set(name, done);
    return done;
  }

  #isWanted(name: string): boolean {
    const gets = (this.#coldGets.get(name) ?? 0) + 1;
    this.#coldGets.set(name, gets);
    return gets > this.#context.limits.coldGets;
  }

  /** What a transaction wrote may be decided in the log before GetItem shows it. */
  async #getCold(key: string, freshen: Freshen): Promise<Present> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      await freshen();
      // Without the tail of the log GetItem alone would tell.
      if (!this.#replica.isFresh) await this.#catchUp();
      const read = await this.#readCold(key);
      if (read) return this.#keepCold(key, read);
    }
    throw throttled(new Error(`${key} changes as soon as it is read`));
  }

  async #readCold(key: string): Promise<Present | undefined> {
    const { epoch, tail } = this.#replica;
    const unpin = tail.pin();
    try {
      const object = await repeated(this.#context, () => this.#context.database.readObject(key));
      const read = object && (await readObject(this.#context, object));
      const change = this.#context.unsafe.has('redo') ? undefined : tail.newest(key);
      await change?.fetch(this.#context);
      if (this.#replica.epoch !== epoch) return undefined;
      return present(change ? newer(read, change) : read);
    } catch (error) {
      if (error instanceof TooLate) return undefined;
      throw error;
    } finally {
      unpin();
    }
  }

  #keepCold(key: string, read: Present): Present {
    this.#cold.delete(key);
    if (this.#cold.size >= MAX_COLD_ITEMS) this.#cold.delete(this.#cold.keys().next().value!);
    this.#cold.set(key, read);
    return read;
  }
}

export function present(read: ReadObject | undefined): Present {
  if (!read || read.absent) return { item: undefined };
  const { key, revision, value, row, reference } = read;
  const item = { key, revision, value, row };
  return reference ? { item, reference } : { item };
}
