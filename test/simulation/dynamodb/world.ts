import type { Random } from '../../../lib/runtime/random.ts';
import { settle } from '../../fakes/clock.ts';
import { seededRandom } from '../../fakes/random.ts';

interface Event {
  at: number;
  tie: number;
  run: (() => void) | undefined;
}

/** Far more than any seed needs: something goes round in a circle. */
const MAX_STEPS = 500_000;

const START = Date.parse('2026-01-01T00:00:00Z');

/** The event loop of a simulation: one thing after the other, in an order that the seed decides. Promises settle between two events. */
export class World {
  readonly random: Random;
  /** How many events have happened: a finer time than milliseconds. */
  step = 0;
  #now = START;
  /** A binary heap: the next event first. */
  readonly #events: Event[] = [];

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  now(): number {
    return this.#now;
  }

  /** Those due at the same millisecond happen in any order. */
  after(delayMs: number, run: () => void): Event {
    const event = { at: this.#now + Math.max(0, Math.ceil(delayMs)), tie: this.random.next(), run };
    this.#events.push(event);
    this.#rise(this.#events.length - 1);
    return event;
  }

  /** Until nothing is left to happen, or this time. */
  async run(untilMs = Number.POSITIVE_INFINITY): Promise<void> {
    await settle();
    for (let next = this.#events[0]; next && next.at <= untilMs; next = this.#events[0]) {
      this.#take();
      if (!next.run) continue;
      this.#now = next.at;
      if (++this.step > MAX_STEPS) throw new Error(`still busy after ${MAX_STEPS} events`);
      next.run();
      await settle();
    }
    if (untilMs !== Number.POSITIVE_INFINITY) this.#now = Math.max(this.#now, untilMs);
  }

  chance(probability: number): boolean {
    return probability > 0 && this.random.next() < probability;
  }

  /** A whole number, 0 ≤ n < below. */
  below(below: number): number {
    return Math.floor(this.random.next() * below);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  #take(): void {
    const last = this.#events.pop()!;
    if (this.#events.length === 0) return;
    this.#events[0] = last;
    this.#sink(0);
  }

  #rise(from: number): void {
    const events = this.#events;
    for (let i = from, parent = (i - 1) >> 1; i > 0 && isBefore(events[i]!, events[parent]!); parent = (i - 1) >> 1) {
      [events[i], events[parent]] = [events[parent]!, events[i]!];
      i = parent;
    }
  }

  #sink(from: number): void {
    const events = this.#events;
    for (let i = from; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < events.length && isBefore(events[child]!, events[least]!)) least = child;
      }
      if (least === i) return;
      [events[i], events[least]] = [events[least]!, events[i]!];
      i = least;
    }
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.tie < b.tie);
}
