import { type FakeClock, settle } from './clock.ts';

interface Waiting {
  readonly at: number;
  readonly run: () => void;
  timer: NodeJS.Timeout;
}

/** The real clock, but it can be moved on: for tests that wait for a real server and yet look hours ahead. */
export function shiftedClock(): FakeClock {
  let shiftMs = 0;
  const waiting = new Set<Waiting>();
  const now = () => Date.now() + shiftMs;

  const arm = (one: Waiting) => {
    one.timer = setTimeout(() => fire(one), Math.max(0, one.at - now()));
    one.timer.unref();
  };
  const fire = (one: Waiting) => {
    clearTimeout(one.timer);
    if (waiting.delete(one)) one.run();
  };
  const due = () => [...waiting].filter(({ at }) => at <= now()).sort((a, b) => a.at - b.at)[0];

  return {
    now,
    schedule(delayMs, run) {
      const one: Waiting = { at: now() + Math.max(0, delayMs), run, timer: undefined as never };
      waiting.add(one);
      arm(one);
      return {
        cancel() {
          clearTimeout(one.timer);
          waiting.delete(one);
        },
      };
    },
    async advance(byMs) {
      shiftMs += byMs;
      for (let one = due(); one; one = due()) {
        fire(one);
        await settle();
      }
      for (const one of waiting) {
        clearTimeout(one.timer);
        arm(one);
      }
      await settle();
    },
    get pending() {
      return waiting.size;
    },
  };
}
