import type { Clock } from '../../../lib/runtime/clock.ts';
import type { Random } from '../../../lib/runtime/random.ts';

/** How a stream or queue treats what it carries; may be changed while it runs. */
export interface StreamFaults {
  /** Comes again later, though it was handled. */
  duplicate: number;
  /** Comes up to a minute late, so after others. */
  delay: number;
  /** Does not come for up to ten minutes: a shard without a reader. */
  away: number;
  /** A record beside it that makes no sense. */
  poison: number;
}

export const PROMPT: StreamFaults = { duplicate: 0, delay: 0, away: 0, poison: 0 };

const LATE_MS = 60_000;
const AWAY_MS = 600_000;
const RETRY_MS = 1000;
const MAX_BATCH = 20;

interface Waiting {
  record: any;
  atMs: number;
}

/** Records on their way to a function, in no promised order. What was not handled comes again. */
export class EventSource {
  readonly faults: StreamFaults;
  readonly #clock: Clock;
  readonly #random: Random;
  #waiting: Waiting[] = [];
  #sequence = 0;

  constructor(clock: Clock, random: Random, faults: StreamFaults) {
    this.#clock = clock;
    this.#random = random;
    this.faults = faults;
  }

  get length(): number {
    return this.#waiting.length;
  }

  put(keys: { pk: string; sk: string }): void {
    const { duplicate, poison } = this.faults;
    const record = { dynamodb: { Keys: { pk: { S: keys.pk }, sk: { S: keys.sk } }, SequenceNumber: this.#next() } };
    this.#send(record);
    if (this.#random.next() < duplicate) this.#send(record, this.#random.next() * LATE_MS);
    if (this.#random.next() < poison) this.#send({ poison: this.#next() });
  }

  /** Those that are due, shuffled and split into batches. */
  batches(): any[][] {
    const now = this.#clock.now();
    const due = this.#waiting.filter(({ atMs }) => atMs <= now).map(({ record }) => record);
    this.#waiting = this.#waiting.filter(({ atMs }) => atMs > now);
    const shuffled = due.map((record) => ({ record, at: this.#random.next() })).sort((a, b) => a.at - b.at);
    const batches: any[][] = [];
    while (shuffled.length > 0) {
      const size = 1 + Math.floor(this.#random.next() * MAX_BATCH);
      batches.push(shuffled.splice(0, size).map(({ record }) => record));
    }
    return batches;
  }

  again(records: readonly any[]): void {
    for (const record of records) this.#waiting.push({ record, atMs: this.#clock.now() + RETRY_MS });
  }

  #send(record: any, laterMs = 0): void {
    const { delay, away } = this.faults;
    const dice = this.#random.next();
    const late = dice < away ? AWAY_MS : dice < away + delay ? LATE_MS : 0;
    this.#waiting.push({ record, atMs: this.#clock.now() + laterMs + late * this.#random.next() });
  }

  #next(): string {
    return String(++this.#sequence);
  }
}
