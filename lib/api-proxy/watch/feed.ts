import { isReason } from '../../api/status.ts';
import type { Transport } from '../../client/client.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { backoffMs } from '../../runtime/queue.ts';
import type { Random } from '../../runtime/random.ts';
import type { Pace } from '../contract.ts';
import { type Answered, type AskedWatch, ask, isAnswered, urlFrom } from './ask.ts';
import type { WatchEventFrame } from './events.ts';
import type { Follower } from './follower.ts';

export interface FeedContext {
  upstream: Transport;
  pace: Pace;
  clock: Clock;
  random: Random;
  log: Log;
}

export interface FeedStart {
  /** Plural. */
  resource: string;
  contentType: string;
  watch: AskedWatch;
  /** The revision that it goes on from. */
  position: number;
}

/** Events kept for clients that come back to where they were. */
const MAX_WINDOW_BYTES = 1024 * 1024;
/** An unchanged watch is asked for this much more slowly each time. */
const SLOWER = 1.5;
/** Answers without what a notice told of, before it is not believed. */
const MAX_STALE = 6;
const RETRY = { baseMs: 500, maxMs: 30_000, jitter: 1 };

/** One watch, asked for again and again, and the clients that follow it: same resource, selectors, form and credentials. */
export class Feed {
  readonly resource: string;
  /** The form that the apiserver chose of those that were asked for. */
  readonly contentType: string;
  readonly watch: AskedWatch;
  readonly #context: FeedContext;
  readonly #emptied: () => void;
  readonly #followers = new Set<Follower>();
  readonly #stopped = new AbortController();
  #window: WatchEventFrame[] = [];
  #windowBytes = 0;
  /** The window holds every event after this revision. */
  #windowStart: number;
  #position: number;
  #intervalMs: number;
  #failures = 0;
  #stale = 0;
  #timer: Timer | undefined;
  #asking = false;
  /** Somebody knows that there is something after #position. */
  #awaited: number | undefined;

  constructor(begin: FeedStart, context: FeedContext, emptied: () => void) {
    const { resource, contentType, watch, position } = begin;
    this.resource = resource;
    this.contentType = contentType;
    this.watch = watch;
    this.#position = position;
    this.#windowStart = position;
    this.#context = context;
    this.#emptied = emptied;
    this.#intervalMs = context.pace.minMs;
    this.#schedule(this.#intervalMs);
  }

  /** Whether a client that has seen everything up to `revision` can go on here. */
  holds(revision: number): boolean {
    return revision >= this.#windowStart;
  }

  follow(follower: Follower): void {
    this.#followers.add(follower);
    const { from } = follower;
    follower.advance(this.#window, this.#position);
    if (from > this.#position) this.wake(from);
  }

  leave(follower: Follower): void {
    if (this.#followers.delete(follower) && this.#followers.size === 0) this.stop();
  }

  stop(): void {
    this.#stopped.abort();
    this.#timer?.cancel();
    for (const follower of this.#followers) follower.end();
    this.#followers.clear();
    this.#emptied();
  }

  /** Asks at once, unless it is known to have come to this revision. */
  wake(revision = Number.POSITIVE_INFINITY): void {
    if (revision <= this.#position) return;
    this.#awaited = Math.max(this.#awaited ?? 0, revision);
    this.#intervalMs = this.#context.pace.minMs;
    if (!this.#asking && this.#failures === 0) this.#schedule(0);
  }

  /** Something has happened, perhaps here. */
  hurry(): void {
    const { minMs } = this.#context.pace;
    if (this.#intervalMs <= minMs) return;
    this.#intervalMs = minMs;
    if (!this.#asking && this.#failures === 0) this.#schedule(minMs);
  }

  #schedule(delayMs: number): void {
    this.#timer?.cancel();
    if (this.#stopped.signal.aborted) return;
    this.#timer = this.#context.clock.schedule(delayMs, () => void this.#ask());
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    const awaited = this.#awaited;
    this.#awaited = undefined;
    try {
      const watch = { ...this.watch, url: urlFrom(this.watch.url, this.#position) };
      const answer = await ask(this.#context.upstream, watch, this.#stopped.signal);
      if (this.#stopped.signal.aborted) return;
      if (isAnswered(answer)) {
        this.#failures = 0;
        this.#take(answer);
        this.#askForWhatIsMissing(awaited);
      } else this.#refused(answer);
    } catch (error) {
      this.#failed(error, awaited);
    } finally {
      this.#asking = false;
      if (this.#failures === 0) this.#next();
    }
  }

  #next(): void {
    // What was awaited may have been told meanwhile. Without a revision, the notice came after the question was asked.
    const behind = this.#awaited !== undefined && this.#awaited > this.#position;
    if (!behind) this.#awaited = undefined;
    const { random } = this.#context;
    const soonMs = this.#stale === 0 ? 0 : backoffMs(this.#stale - 1, random, RETRY);
    this.#schedule(behind ? soonMs : this.#intervalMs);
  }

  /** An answer may be older than what a notice told of: it is asked for some more times. */
  #askForWhatIsMissing(awaited = 0): void {
    const isMissing = Number.isFinite(awaited) && awaited > this.#position;
    this.#stale = isMissing && this.#stale < MAX_STALE ? this.#stale + 1 : 0;
    if (this.#stale > 0) this.#awaited = Math.max(this.#awaited ?? 0, awaited);
  }

  #take({ events, revision }: Answered): void {
    const { pace } = this.#context;
    const bookmark = events.findLast(({ type }) => type === 'BOOKMARK');
    const fresh = events.filter(
      ({ type, revision: at }) => type === 'ERROR' || (type !== 'BOOKMARK' && at > this.#position),
    );
    this.#intervalMs = fresh.length > 0 ? pace.minMs : Math.min(pace.maxMs, this.#intervalMs * SLOWER);
    this.#position = Math.max(this.#position, revision);
    this.#remember(fresh);
    for (const follower of this.#followers) {
      follower.advance(fresh, this.#position, bookmark);
      if (follower.ended) this.leave(follower);
    }
    // 410 and the like: whoever watches begins again.
    if (fresh.some((event) => event.type === 'ERROR')) this.stop();
  }

  #remember(events: readonly WatchEventFrame[]): void {
    for (const event of events) {
      if (event.type === 'ERROR') continue;
      this.#window.push(event);
      this.#windowBytes += event.bytes.byteLength;
    }
    while (this.#windowBytes > MAX_WINDOW_BYTES) {
      const dropped = this.#window.shift()!;
      this.#windowBytes -= dropped.bytes.byteLength;
      this.#windowStart = dropped.revision;
    }
  }

  /** Overloaded: later. Anything else (401, 403, 404, 410) is the answer to whoever asks again. */
  #refused({ status }: Response): void {
    if (status === 429 || status >= 500) this.#failed(new Error(`the apiserver answered ${status}`), undefined);
    else this.stop();
  }

  #failed(error: unknown, awaited: number | undefined): void {
    if (this.#stopped.signal.aborted) return;
    const { clock, random, log } = this.#context;
    this.#awaited = Math.max(this.#awaited ?? 0, awaited ?? 0) || undefined;
    if (!isReason(error, 'ServiceUnavailable') || this.#failures === 0)
      log('a held watch cannot ask', { resource: this.resource, error });
    const delayMs = backoffMs(this.#failures++, random, RETRY);
    this.#timer?.cancel();
    this.#timer = clock.schedule(delayMs, () => void this.#ask());
  }
}
