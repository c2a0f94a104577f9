import type { Clock } from './clock.ts';

/** One line with fields; errors carry their cause. */
export type Log = (message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** `2026-01-01T00:00:00.000Z message {"field":"value"}` */
export function lineLog(write: (line: string) => void, clock: Clock): Log {
  return (message, fields = {}) => {
    const shown = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields, replaceError)}` : '';
    write(`${new Date(clock.now()).toISOString()} ${message}${shown}\n`);
  };
}

function replaceError(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return value.cause === undefined ? value.stack : { error: value.stack, cause: value.cause };
}
