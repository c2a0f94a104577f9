/** Kubelet's restart and pull back-off: 10 s, doubling to 5 min. Source: MaxCrashLoopBackOff, client-go/util/flowcontrol/backoff.go. */
export interface BackoffLimits {
  initialMs: number;
  maxMs: number;
}

export const BACKOFF_LIMITS: BackoffLimits = { initialMs: 10_000, maxMs: 300_000 };

export interface BackoffEntry {
  waitMs: number;
  updatedAtMs: number;
}

/** Back-offs by key. An entry is forgotten once its key has been quiet for twice the longest wait. */
export class BackoffBook {
  readonly #entries = new Map<string, BackoffEntry>();
  readonly #limits: BackoffLimits;

  constructor(limits: BackoffLimits = BACKOFF_LIMITS) {
    this.#limits = limits;
  }

  get(key: string): BackoffEntry | undefined {
    return this.#entries.get(key);
  }

  /** When the key may be tried again after a failure at `sinceMs`; undefined: now. */
  retryAt(key: string, sinceMs: number, nowMs: number): number | undefined {
    const entry = this.#entries.get(key);
    if (!entry || this.#expired(entry, sinceMs)) return undefined;
    const at = sinceMs + entry.waitMs;
    return at > nowMs ? at : undefined;
  }

  /** The key is tried after a failure at `sinceMs`: the next wait is longer. */
  next(key: string, sinceMs: number, nowMs: number): void {
    const entry = this.#entries.get(key);
    const fresh = !entry || this.#expired(entry, sinceMs);
    const waitMs = fresh ? this.#limits.initialMs : Math.min(entry.waitMs * 2, this.#limits.maxMs);
    this.#entries.set(key, { waitMs, updatedAtMs: nowMs });
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  /** After ten quiet minutes the waits start over. */
  #expired(entry: BackoffEntry, sinceMs: number): boolean {
    return sinceMs - entry.updatedAtMs > 2 * this.#limits.maxMs;
  }
}
