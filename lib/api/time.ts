/** metav1.Time and MicroTime: RFC 3339, whole seconds and microseconds, always UTC when written. */

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/;

/** Seconds since the epoch and nanoseconds, as protobuf's Timestamp has them. */
export interface Instant {
  seconds: number;
  nanos: number;
}

/** undefined when the text is no RFC 3339 time. */
export function parseInstant(text: string): Instant | undefined {
  const match = RFC3339.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [number, number, number, number, number, number]; // biome-ignore format: one line
  const midnight = Date.UTC(2000, month - 1, day);
  const date = new Date(midnight);
  date.setUTCFullYear(year, month - 1, day);
  const inRange =
    hour < 24 && minute < 60 && second < 60 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!inRange) return undefined;
  const seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offsetSeconds(match[8]!);
  return { seconds, nanos: Number((match[7] ?? '').padEnd(9, '0').slice(0, 9)) };
}

function offsetSeconds(zone: string): number {
  if (zone === 'Z') return 0;
  const seconds = Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(4, 6)) * 60;
  return zone[0] === '-' ? -seconds : seconds;
}

/** As metav1.Time is written: `2026-11-23T02:00:00Z`. */
export function formatSeconds(seconds: number): string {
  const text = new Date(seconds * 1000).toISOString();
  return `${text.slice(0, text.length - 5)}Z`;
}

/** As metav1.MicroTime is written: `2026-11-23T02:00:00.000000Z`. */
export function formatMicros({ seconds, nanos }: Instant): string {
  return `${formatSeconds(seconds).slice(0, -1)}.${String(Math.trunc(nanos / 1000)).padStart(6, '0')}Z`;
}

/** The usual text is in its written form already; only others are parsed. */
const WRITTEN_TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;

/** A metav1.Time as it is written back, or undefined when it is none. */
export function normalTime(text: string): string | undefined {
  if (WRITTEN_TIME.test(text)) return text;
  const instant = parseInstant(text);
  return instant && formatSeconds(instant.seconds);
}

export function normalMicroTime(text: string): string | undefined {
  const instant = parseInstant(text);
  return instant && formatMicros(instant);
}

/** Milliseconds since the epoch of a written time; NaN when it is none. */
export function timeMs(text: string | undefined): number {
  return text === undefined ? Number.NaN : Date.parse(text);
}
