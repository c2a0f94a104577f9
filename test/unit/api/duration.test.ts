import { formatDuration, humanDuration, parseDuration } from '../../../lib/api/duration.ts';
import { normalMicroTime, normalTime } from '../../../lib/api/time.ts';

const HOUR = 3600;

test.each<[number, string]>([
  [-5, '<invalid>'],
  [-1, '0s'],
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [150, '2m30s'],
  [600, '10m'],
  [3 * HOUR - 1, '179m'],
  [3 * HOUR, '3h'],
  [3 * HOUR + 120, '3h2m'],
  [8 * HOUR, '8h'],
  [48 * HOUR, '2d'],
  [50 * HOUR, '2d2h'],
  [8 * 24 * HOUR, '8d'],
  [800 * 24 * HOUR, '2y70d'],
  [9 * 365 * 24 * HOUR, '9y'],
])('%d seconds are shown as %s', (seconds, text) => {
  expect(humanDuration(seconds * 1000)).toBe(text);
});

test.each<[string, string]>([
  ['5s', '5s'],
  ['1h30m', '1h30m0s'],
  ['90m', '1h30m0s'],
  ['1.5s', '1.5s'],
  ['250ms', '250ms'],
  ['0', '0s'],
  ['-2m', '-2m0s'],
])('the duration %s is written %s', (text, written) => {
  expect(formatDuration(parseDuration(text)!)).toBe(written);
});

test('times are written in UTC, to the second or the microsecond', () => {
  expect(normalTime('2026-01-01T02:00:00.9+02:00')).toBe('2026-01-01T00:00:00Z');
  expect(normalMicroTime('2026-01-01T00:00:00.1234567Z')).toBe('2026-01-01T00:00:00.123456Z');
  expect(normalTime('2026-02-30T00:00:00Z')).toBeUndefined();
  expect(normalTime('2024-02-29T23:59:59Z')).toBe('2024-02-29T23:59:59Z');
});
