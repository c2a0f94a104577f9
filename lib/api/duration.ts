import { timeMs } from './time.ts';

const MINUTE = 60;
const HOUR = 3600;

/**
 * A length of time in two or three significant figures, as the AGE column shows it.
 * Source: k8s.io/apimachinery/pkg/util/duration HumanDuration. Up to two seconds of clock difference read as now.
 */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  if (seconds < 10 * MINUTE) return pair(seconds, MINUTE, 'm', 1, 's');
  if (seconds < 3 * HOUR) return `${Math.trunc(seconds / MINUTE)}m`;
  if (seconds < 8 * HOUR) return pair(seconds, HOUR, 'h', MINUTE, 'm');
  return humanDays(Math.trunc(seconds / HOUR));
}

function humanDays(hours: number): string {
  const days = Math.trunc(hours / 24);
  if (hours < 48) return `${hours}h`;
  if (days < 8) return pair(hours, 24, 'd', 1, 'h');
  if (days < 365 * 2) return `${days}d`;
  if (days < 365 * 8) return pair(days, 365, 'y', 1, 'd');
  return `${Math.trunc(days / 365)}y`;
}

/** `5m30s`; the smaller unit is left out when it is 0. */
function pair(amount: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.trunc((amount % large) / small);
  return `${Math.trunc(amount / large)}${largeUnit}${rest === 0 ? '' : `${rest}${smallUnit}`}`;
}

/** What kubectl prints for how long ago a time was; `<unknown>` without one. */
export function age(time: string | undefined, nowMs: number): string {
  const since = timeMs(time);
  return Number.isNaN(since) ? '<unknown>' : humanDuration(nowMs - since);
}

const UNITS_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 6e10,
  h: 3.6e12,
};

/** Go's time.ParseDuration in nanoseconds: `1h30m`, `-1.5s`, `0`. undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const match = /^([+-]?)(0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text);
  if (!match) return undefined;
  let nanos = 0;
  for (const part of match[2]!.matchAll(/([\d.]+)([a-zµμ]+)/g)) nanos += Number(part[1]) * UNITS_NS[part[2]!]!;
  return match[1] === '-' ? -nanos : nanos;
}

/** Go's Duration.String: `1h30m0s`, `1.5s`, `250ms`, `0s`. */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return '0s';
  if (nanoseconds < 0) return `-${formatDuration(-nanoseconds)}`;
  if (nanoseconds < 1e9) return subSecond(nanoseconds);
  const hours = Math.floor(nanoseconds / 3.6e12);
  const minutes = Math.floor((nanoseconds % 3.6e12) / 6e10);
  const seconds = `${Number(((nanoseconds % 6e10) / 1e9).toFixed(9))}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

function subSecond(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${nanoseconds}ns`;
  return nanoseconds < 1e6 ? `${nanoseconds / 1e3}µs` : `${nanoseconds / 1e6}ms`;
}
