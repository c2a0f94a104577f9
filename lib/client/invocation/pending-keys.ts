/** A key that waits to be reconciled. */
export interface PendingKey {
  /** Name of the controller. */
  readonly controller: string;
  readonly key: string;
  readonly dueMs: number;
  /** It may wait this much longer if nothing else wakes the function. */
  readonly slackMs: number;
  /** In a row. */
  readonly failures: number;
}

/**
 * What is to be reconciled and when, without timers of its own: so it can be written down, and a frozen process misses nothing.
 * The earliest of several times wins, as in the work queue.
 */
export class PendingKeys {
  readonly #pending = new Map<string, PendingKey>();
  readonly #working = new Map<string, PendingKey>();

  get size(): number {
    return this.#pending.size + this.#working.size;
  }

  /** Forgets everything; these instead. */
  reset(keys: readonly PendingKey[]): void {
    this.#pending.clear();
    this.#working.clear();
    for (const key of keys) this.#pending.set(idOf(key), key);
  }

  add(controller: string, key: string, dueMs: number): void {
    this.#put({ controller, key, dueMs, slackMs: 0, failures: 0 });
  }

  /** Keys that are due, at most `limit` of each controller; they are being worked on until `finish`. */
  take(now: number, limit: number): PendingKey[] {
    const counts = new Map<string, number>();
    const taken: PendingKey[] = [];
    for (const [id, entry] of this.#pending) {
      const count = counts.get(entry.controller) ?? 0;
      if (entry.dueMs > now || count >= limit) continue;
      counts.set(entry.controller, count + 1);
      this.#pending.delete(id);
      this.#working.set(id, entry);
      taken.push(entry);
    }
    return taken;
  }

  /** Done, and to be done again if `next` says so. One that was taken before a `reset` is nobody's any more. */
  finish(entry: PendingKey, next?: Pick<PendingKey, 'dueMs' | 'slackMs' | 'failures'>): void {
    const id = idOf(entry);
    if (this.#working.get(id) !== entry) return;
    this.#working.delete(id);
    if (next) this.#put({ ...entry, ...next });
  }

  /** Everything that is not done, what is being worked on too. */
  list(): PendingKey[] {
    return [...this.#working.values(), ...this.#pending.values()];
  }

  nextDueMs(): number | undefined {
    return earliest(this.list().map(({ dueMs }) => dueMs));
  }

  /** When somebody must look again at the latest. */
  nextWakeMs(): number | undefined {
    return earliest(this.list().map(({ dueMs, slackMs }) => dueMs + slackMs));
  }

  #put(entry: PendingKey): void {
    const id = idOf(entry);
    const known = this.#pending.get(id);
    if (!known) this.#pending.set(id, entry);
    else if (entry.dueMs < known.dueMs)
      this.#pending.set(id, { ...entry, failures: Math.max(entry.failures, known.failures) });
  }
}

function idOf({ controller, key }: PendingKey): string {
  return `${controller} ${key}`;
}

function earliest(times: readonly number[]): number | undefined {
  return times.length > 0 ? times.reduce((a, b) => Math.min(a, b)) : undefined;
}
