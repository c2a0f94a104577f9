/** Time as an argument: the only place, with `random.ts`, where the platform's clock and timers are named. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `run` once after `delayMs`. The timer does not keep the process alive. */
  schedule(delayMs: number, run: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(delayMs, run) {
    const timer = setTimeout(run, Math.min(delayMs, MAX_DELAY_MS));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** setTimeout overflows at 2^31 ms and would fire at once. */
const MAX_DELAY_MS = 2_147_483_647;

/** RFC 3339 with whole seconds, as metav1.Time is written. */
export function timestamp(clock: Clock): string {
  const second = Math.floor(clock.now() / 1000);
  if (second !== written.second) written = { second, text: `${new Date(second * 1000).toISOString().slice(0, 19)}Z` };
  return written.text;
}

/** The last second that was asked for: every write of an object asks several times. */
let written = { second: Number.NaN, text: '' };

/** Resolves after `delayMs`, or at once when the signal aborts. Never inside a reconciler. */
export function delay(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.schedule(delayMs, done);
    signal?.addEventListener('abort', done);
  });
}
