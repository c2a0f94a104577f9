import type { Clock, Timer } from './clock.ts';
import type { Random } from './random.ts';

/**
 * Keys to work on. A key is handed out to one worker at a time; added again while it is worked on, it comes once more after `done`.
 * As client-go's util/workqueue behaves.
 */
export interface WorkQueue {
  add(key: string): void;
  /** The earliest of several delayed adds wins. */
  addAfter(key: string, delayMs: number): void;
  /** After a failure: waits longer each time, until `forget`. */
  addRateLimited(key: string): void;
  /** The key succeeded: its next failure waits the shortest time again. */
  forget(key: string): void;
  /** The next key; undefined when the signal aborts. */
  next(signal: AbortSignal): Promise<string | undefined>;
  done(key: string): void;
  /** Failures of the key since `forget`. */
  failures(key: string): number;
  /** Keys ready to be worked on. */
  readonly length: number;
}

export interface Backoff {
  /** The first wait. */
  baseMs: number;
  maxMs: number;
  /** 0.1: up to a tenth longer, so that keys that failed together do not come back together. */
  jitter: number;
}

/** client-go's DefaultControllerRateLimiter starts at 5 ms and ends at 1,000 s; we end at 5 min, as the agent's back-off does. */
export const DEFAULT_BACKOFF: Backoff = { baseMs: 5, maxMs: 300_000, jitter: 0.1 };

export function createQueue(clock: Clock, random: Random, backoff: Backoff = DEFAULT_BACKOFF): WorkQueue {
  return new Queue(clock, random, backoff);
}

export function backoffMs(failures: number, random: Random, { baseMs, maxMs, jitter }: Backoff): number {
  return Math.min(maxMs, baseMs * 2 ** Math.min(failures, 40)) * (1 + jitter * random.next());
}

class Queue implements WorkQueue {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #backoff: Backoff;
  /** Insertion-ordered: the queue itself. */
  readonly #ready = new Set<string>();
  readonly #working = new Set<string>();
  /** Added while worked on. */
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, { at: number; timer: Timer }>();
  readonly #failures = new Map<string, number>();
  readonly #waiters = new Set<(key: string) => void>();

  constructor(clock: Clock, random: Random, backoff: Backoff) {
    this.#clock = clock;
    this.#random = random;
    this.#backoff = backoff;
  }

  get length(): number {
    return this.#ready.size;
  }

  add(key: string): void {
    if (this.#working.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#ready.add(key);
    this.#hand();
  }

  addAfter(key: string, delayMs: number): void {
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const at = this.#clock.now() + delayMs;
    const earlier = this.#delayed.get(key);
    if (earlier && earlier.at <= at) return;
    earlier?.timer.cancel();
    const timer = this.#clock.schedule(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { at, timer });
  }

  addRateLimited(key: string): void {
    const failures = this.failures(key);
    this.#failures.set(key, failures + 1);
    this.addAfter(key, backoffMs(failures, this.#random, this.#backoff));
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  next(signal: AbortSignal): Promise<string | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    const key = this.#take();
    return key === undefined ? this.#wait(signal) : Promise.resolve(key);
  }

  done(key: string): void {
    this.#working.delete(key);
    if (this.#again.delete(key)) this.add(key);
  }

  #wait(signal: AbortSignal): Promise<string | undefined> {
    return new Promise((resolve) => {
      const aborted = () => {
        this.#waiters.delete(waiter);
        resolve(undefined);
      };
      const waiter = (key: string) => {
        signal.removeEventListener('abort', aborted);
        resolve(key);
      };
      this.#waiters.add(waiter);
      signal.addEventListener('abort', aborted, { once: true });
    });
  }

  #hand(): void {
    for (const waiter of this.#waiters) {
      const key = this.#take();
      if (key === undefined) return;
      this.#waiters.delete(waiter);
      waiter(key);
    }
  }

  #take(): string | undefined {
    for (const key of this.#ready) {
      this.#ready.delete(key);
      this.#working.add(key);
      return key;
    }
    return undefined;
  }
}
