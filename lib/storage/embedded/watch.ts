import type { Clock } from '../../runtime/clock.ts';
import { type Change, StoreError, type WatchBatch, type WatchOptions } from '../contract.ts';
import type { StorageType } from './storage-type.ts';

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

class Cursor implements AsyncIterator<WatchBatch, undefined> {
  readonly #source: WatchSource;
  readonly #type: StorageType;
  readonly #prefix: string;
  readonly #options: WatchOptions;
  readonly #wholeType: boolean;
  #position: number | undefined;

  constructor(source: WatchSource, type: StorageType, prefix: string, options: WatchOptions) {
    this.#source = source;
    this.#type = type;
    this.#prefix = prefix;
    this.#options = options;
    this.#wholeType = prefix === `${type.name}/`;
  }

  async next(): Promise<IteratorResult<WatchBatch, undefined>> {
    for (;;) {
      if (this.#options.signal.aborted) return { done: true, value: undefined };
      if (this.#source.closed) throw new StoreError('Closed', 'the store is closed');
      const batch = this.#read();
      if (batch) return { done: false, value: batch };
      const why = await this.#wait();
      if (why === 'progress') return { done: false, value: { changes: [], revision: this.#source.revision } };
    }
  }

  async return(): Promise<IteratorResult<WatchBatch, undefined>> {
    return { done: true, value: undefined };
  }

  #read(): WatchBatch | undefined {
    const { log } = this.#type;
    this.#position ??= this.#start();
    if (this.#position < log.head) throw expired(this.#options.from, log.compacted);
    const all = log.from(this.#position);
    if (all.length === 0) return undefined;
    const taken = upToWholeCommit(all);
    this.#position += taken.length;
    const changes = this.#wholeType ? taken : taken.filter((change) => change.key.startsWith(this.#prefix));
    const revision = taken.length === all.length ? this.#source.revision : taken.at(-1)!.revision;
    return changes.length > 0 || taken.length < all.length ? { changes, revision } : undefined;
  }

  #start(): number {
    const { log } = this.#type;
    if (this.#options.from < log.compacted) throw expired(this.#options.from, log.compacted);
    return log.positionAfter(this.#options.from);
  }

  #wait(): Promise<'progress' | 'woken'> {
    const { signal, progressMs } = this.#options;
    return new Promise((resolve) => {
      const end = (why: 'progress' | 'woken') => {
        timer?.cancel();
        signal.removeEventListener('abort', woken);
        stop();
        resolve(why);
      };
      const woken = () => end('woken');
      const stop = this.#type.wait(woken);
      const timer =
        progressMs === undefined ? undefined : this.#source.clock.schedule(progressMs, () => end('progress'));
      signal.addEventListener('abort', woken);
    });
  }
}

/** The writes of one commit share a revision; parted, a watcher that resumes between them would lose some. */
function upToWholeCommit(changes: readonly Change[]): readonly Change[] {
  if (changes.length <= MAX_BATCH) return changes;
  let end = MAX_BATCH;
  while (end < changes.length && changes[end]!.revision === changes[end - 1]!.revision) end++;
  return end < changes.length ? changes.slice(0, end) : changes;
}

function expired(from: number, compacted: number): StoreError {
  return new StoreError('Expired', `revision ${from} is compacted, the oldest is ${compacted}`);
}
