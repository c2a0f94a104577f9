import type { Clock } from '../../runtime/clock.ts';
import type { WatchEventFrame } from './events.ts';

/** How often an idle watch tells how far it is. Source: bookmarkFrequency of k8s.io/apiserver storage/cacher. */
const BOOKMARK_MS = 60_000;
/** A client that does not read is let go: it watches again from what it has seen. */
const MAX_QUEUED_BYTES = 8 * 1024 * 1024;

export interface FollowerOptions {
  /** What the client has seen. */
  from: number;
  allowBookmarks: boolean;
  clock: Clock;
}

/** One client's watch: the events that it has not read yet. */
export class Follower implements AsyncIterable<Uint8Array> {
  readonly #allowBookmarks: boolean;
  readonly #clock: Clock;
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #from: number;
  /** The newest revision that the client was shown, and when it was shown something. */
  #told: number;
  #toldAt: number;
  #ended = false;
  #wake: () => void = () => undefined;

  constructor({ from, allowBookmarks, clock }: FollowerOptions) {
    this.#from = from;
    this.#told = from;
    this.#allowBookmarks = allowBookmarks;
    this.#clock = clock;
    this.#toldAt = clock.now();
  }

  /** What the client has seen, or will see with what is queued. */
  get from(): number {
    return this.#from;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The answer to the client's own request, up to `revision`: it is told of everything, however much that is. */
  begin(events: readonly WatchEventFrame[], revision: number): void {
    for (const event of events) {
      if (event.type !== 'BOOKMARK' || (event.initialEventsEnd && this.#allowBookmarks)) this.#tell(event);
    }
    this.#from = Math.max(this.#from, revision);
  }

  /** What others asked for too: it is told of what it has not seen. `events` holds every event up to `revision`, bookmarks aside. */
  advance(events: readonly WatchEventFrame[], revision: number, bookmark?: WatchEventFrame): void {
    const from = this.#from;
    this.#from = Math.max(from, revision);
    for (const event of events) if (event.type === 'ERROR' || event.revision > from) this.#tell(event);
    if (this.#queuedBytes > MAX_QUEUED_BYTES) this.end();
    const due = this.#clock.now() - this.#toldAt >= BOOKMARK_MS;
    if (this.#allowBookmarks && due && bookmark && bookmark.revision > this.#told) this.#tell(bookmark);
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  #tell({ bytes, revision }: WatchEventFrame): void {
    this.#told = Math.max(this.#told, revision);
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.byteLength;
    this.#toldAt = this.#clock.now();
    this.#wake();
  }

  /** Chunks of what is queued, until the watch ends. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      if (this.#queue.length > 0) {
        const chunk = Buffer.concat(this.#queue.splice(0));
        this.#queuedBytes = 0;
        yield chunk;
      } else if (this.#ended) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
