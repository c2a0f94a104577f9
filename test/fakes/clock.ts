import type { Clock, Timer } from '../../lib/runtime/clock.ts';

/** A clock that moves only when told to. */
export interface FakeClock extends Clock {
  /** Moves on, firing what is due in order; promises settle between timers. */
  advance(byMs: number): Promise<void>;
  readonly pending: number;
}

const START = Date.parse('2026-01-01T00:00:00Z');

export function fakeClock(start = START): FakeClock {
  let now = start;
  let sequence = 0;
  const timers = new Map<number, { at: number; run: () => void }>();

  const due = (until: number) =>
    [...timers].filter(([, timer]) => timer.at <= until).sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];

  return {
    now: () => now,
    schedule(delayMs, run): Timer {
      const id = sequence++;
      timers.set(id, { at: now + Math.max(0, delayMs), run });
      return { cancel: () => void timers.delete(id) };
    },
    async advance(byMs) {
      const until = now + byMs;
      for (let next = due(until); next; next = due(until)) {
        timers.delete(next[0]);
        now = Math.max(now, next[1].at);
        next[1].run();
        await settle();
      }
      now = until;
      await settle();
    },
    get pending() {
      return timers.size;
    },
  };
}

/** Lets everything that is already resolved run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
