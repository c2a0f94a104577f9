import { MAX_WAKE_MS } from './wakes.ts';

export interface WakePlan {
  wakesOn: boolean;
  /** Under way. */
  wakesMs: readonly number[];
}

export interface NextWake extends WakePlan {
  /** A new one is to be sent. */
  send?: number;
  turn?: 'on' | 'off';
}

/** One that has not come so long after its time is lost. */
const LATE_MS = 60_000;

/**
 * Which wake to send so that the function runs at `wantedMs` at the latest (Infinity: never). One that comes before will do: it plans the next.
 * Pure.
 */
export function nextWake(before: WakePlan, wantedMs: number, now: number): NextWake {
  const wakesMs = before.wakesMs.filter((wake) => wake + LATE_MS > now);
  const { wakesOn } = before;
  if (wantedMs === Infinity) {
    return wakesMs.length > 0 || !wakesOn ? { wakesOn, wakesMs } : { wakesOn: false, wakesMs, turn: 'off' };
  }
  if (wakesMs.some((wake) => wake <= wantedMs)) return { wakesOn, wakesMs };
  const send = Math.max(now, Math.min(wantedMs, now + MAX_WAKE_MS));
  // Some were lost: they may be off, whatever was noted.
  const doubtful = wakesMs.length < before.wakesMs.length;
  return { wakesOn: true, wakesMs: [...wakesMs, send], send, ...(wakesOn && !doubtful ? {} : { turn: 'on' }) };
}
