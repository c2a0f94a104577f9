import type { Clock, Timer } from '../../runtime/clock.ts';
import { type Change, StoreError, type WatchBatch, type WatchOptions } from '../contract.ts';
import type { StorageType, Waiter } from './storage-type.ts';

/** At most this many changes in one batch, so that a watcher far behind does not hold the event loop. */
const MAX_BATCH = 1_000;

/** What a watch reads besides its type. */
export interface WatchSource {
  readonly clock: Clock;
  /** The newest durable revision. */
  readonly revision: number;
  readonly closed: boolean;
}

/** A cursor over the type's log: it owns no buffer, so a slow watcher costs nothing, and ends with `Expired` once it is left behind. */
export function watch(
  source: WatchSource,
  type: StorageType,
  prefix: string,
  options: WatchOptions,
): AsyncIterable<WatchBatch> {
  return { [Symbol.asyncIterator]: () => new Cursor(source, type, prefix, options) };
}

class Cursor implements AsyncIterator<WatchBatch, undefined>, Waiter {
  readonly #source: WatchSource;
  readonly #type: StorageType;
  readonly #prefix: string;
  readonly #options: WatchOptions;
  readonly #wholeType: boolean;
  #position: number | undefined;
  #resume: ((why: 'progress' | 'woken') => void) | undefined;
  #timer: Timer | undefined;
  #yieldedAt: number;
  #ended = false;

  constructor(source: WatchSource, type: StorageType, prefix: string, options: WatchOptions) {
    this.#source = source;
    this.#type = type;
    this.#prefix = prefix;
    this.#options = options;
    this.#wholeType = prefix === `${type.name}/`;
    this.#yieldedAt = source.clock.now();
    options.signal.addEventListener('abort', this.#end);
  }

  async next(): Promise<IteratorResult<WatchBatch, undefined>> {
    for (;;) {
      if (this.#ended || this.#options.signal.aborted) return { done: true, value: undefined };
      if (this.#source.closed) throw new StoreError('Closed', 'the store is closed');
      const batch = this.#read() ?? (await this.#wait());
      if (!batch) continue;
      this.#yieldedAt = this.#source.clock.now();
      return { done: false, value: batch };
    }
  }

  async return(): Promise<IteratorResult<WatchBatch, undefined>> {
    this.#end();
    return { done: true, value: undefined };
  }

  /** The type has changed. */
  wake(): void {
    this.#resume?.('woken');
  }

  readonly #end = (): void => {
    this.#ended = true;
    this.#timer?.cancel();
    this.#type.forgetWaiter(this);
    this.#options.signal.removeEventListener('abort', this.#end);
    this.wake();
  };

  /** Resolves when there is something to read, with a batch when there is only progress to tell. */
  #wait(): Promise<WatchBatch | undefined> {
    this.#armTimer();
    this.#type.addWaiter(this);
    return new Promise((resolve) => {
      this.#resume = (why) => {
        this.#resume = undefined;
        resolve(why === 'progress' ? { changes: [], revision: this.#source.revision } : undefined);
      };
    });
  }

  /** One timer runs on over many waits: a busy watch does not set and cancel one for every change. */
  #armTimer(): void {
    const { progressMs } = this.#options;
    if (progressMs === undefined || this.#timer) return;
    const { clock } = this.#source;
    this.#timer = clock.schedule(Math.max(0, this.#yieldedAt + progressMs - clock.now()), () => {
      this.#timer = undefined;
      if (!this.#resume) return;
      if (clock.now() - this.#yieldedAt < progressMs) return this.#armTimer();
      this.#type.forgetWaiter(this);
      this.#resume('progress');
    });
  }

  #read(): WatchBatch | undefined {
    const { log } = this.#type;
    this.#position ??= this.#start();
    if (this.#position < log.head) throw this.#expired();
    const all = log.from(this.#position);
    if (all.length === 0) return undefined;
    const taken = upToWholeCommit(all);
    this.#position += taken.length;
    const changes = this.#wholeType ? taken : taken.filter((change) => change.key.startsWith(this.#prefix));
    const revision = taken.length === all.length ? this.#source.revision : taken.at(-1)!.revision;
    return changes.length > 0 || taken.length < all.length ? { changes, revision } : undefined;
  }

  #expired(): StoreError {
    this.#end();
    const oldest = Math.min(this.#type.log.compacted, this.#source.revision);
    return new StoreError('Expired', `revision ${this.#options.from} is compacted, the oldest is ${oldest}`);
  }

  #start(): number {
    const { log } = this.#type;
    if (this.#options.from < log.compacted) throw this.#expired();
    return log.positionAfter(this.#options.from);
  }
}

/** The writes of one commit share a revision; parted, a watcher that resumes between them would lose some. */
function upToWholeCommit(changes: readonly Change[]): readonly Change[] {
  if (changes.length <= MAX_BATCH) return changes;
  let end = MAX_BATCH;
  while (end < changes.length && changes[end]!.revision === changes[end - 1]!.revision) end++;
  return end < changes.length ? changes.slice(0, end) : changes;
}
