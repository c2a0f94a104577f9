import { type LogOptions, logOptions } from '../../../agent/server/logs/options.ts';
import type { LogLine, TaskLogs } from '../../../lib/cloud/tasks.ts';
import { type Clock, delay } from '../../../lib/runtime/clock.ts';

export interface LogSource {
  logs: TaskLogs;
  /** Whether this task may still write. */
  alive(taskId: string): Promise<boolean>;
  clock: Clock;
}

/** How often a log that is followed is looked at: what is written takes CloudWatch some seconds. */
const FOLLOW_MS = 2_000;
/** What a task wrote last comes late. */
const LOOKS_AFTER_END = 3;

/** What `kubectl logs` shows of a container of a task. Undefined: it has not run, or not so often. */
export async function openTaskLog(
  { logs, alive, clock }: LogSource,
  uid: string,
  container: string,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<AsyncGenerator<Uint8Array, void, void> | undefined> {
  const options = logOptions(query, clock.now());
  const stream = (await logs.streams(uid, container))[options.previous ? 1 : 0];
  if (!stream) return undefined;
  const follows = options.follow ? () => alive(stream.taskId) : undefined;
  return read(logs, stream.name, options, clock, signal, follows);
}

async function* read(
  logs: TaskLogs,
  stream: string,
  options: LogOptions,
  clock: Clock,
  signal: AbortSignal,
  alive: (() => Promise<boolean>) | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  const format = formatter(options);
  const { tailLines, sinceMs } = options;
  let page =
    tailLines === undefined
      ? await logs.page(stream, sinceMs === undefined ? {} : { sinceMs })
      : await logs.tail(stream, tailLines);
  yield format.lines(page.lines);
  // A tail has been read to its end.
  if (!alive && tailLines !== undefined) return;
  for (let looks = LOOKS_AFTER_END; !format.full && !signal.aborted; ) {
    const before = page.next;
    page = await logs.page(stream, { next: before });
    yield format.lines(page.lines);
    // The end is where a token leads to itself. Source: GetLogEvents of the CloudWatch Logs API reference.
    if (page.next !== before) continue;
    if (!alive || looks === 0) return;
    if (!(await alive())) looks--;
    await delay(clock, FOLLOW_MS, signal);
  }
}

function formatter({ timestamps, sinceMs = Number.NEGATIVE_INFINITY, limitBytes }: LogOptions) {
  let leftBytes = limitBytes ?? Number.POSITIVE_INFINITY;
  return {
    get full() {
      return leftBytes <= 0;
    },
    lines(lines: readonly LogLine[]): Uint8Array {
      const wanted = lines.filter(({ timeMs }) => timeMs >= sinceMs);
      const text = wanted.map((line) => `${timestamps ? `${new Date(line.timeMs).toISOString()} ` : ''}${line.text}\n`);
      const bytes = Buffer.from(text.join(''));
      const part = bytes.length > leftBytes ? bytes.subarray(0, leftBytes) : bytes;
      leftBytes -= part.length;
      return part;
    },
  };
}
