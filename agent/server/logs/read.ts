import { type FSWatcher, watch } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { type Clock, delay } from '../../../lib/runtime/clock.ts';
import { LineFormatter } from './format.ts';
import type { LogOptions } from './options.ts';
import { tailStart } from './tail.ts';

export interface LogSource {
  path: string;
  /** Following ends when the container has. */
  running(): Promise<boolean>;
}

const CHUNK_BYTES = 256 * 1024;
/** How often following looks although the file system told of nothing. */
const FORCED_CHECK_MS = 1_000;
const NEWLINE = 0x0a;

/** A container's log as kubectl shows it, piece by piece; follows it through rotation until the container ends or the signal aborts. */
export async function* readLog(
  source: LogSource,
  options: LogOptions,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const formatter = new LineFormatter(options);
  let file = await open(source.path, 'r');
  const changes = options.follow ? new Changes(source.path, clock) : undefined;
  try {
    let position = options.tailLines === undefined ? 0 : await tailStart(file, options.tailLines);
    for (let ending = !options.follow; !signal.aborted && !formatter.full; ) {
      for await (const { lines, end } of wholeLines(file, position, ending)) {
        position = end;
        const output = formatter.format(lines);
        if (output.length > 0) yield output;
        if (formatter.full || signal.aborted) return;
      }
      if (ending || !changes) return;
      // What was written between the last read and the end of the container is read once more.
      ending = !(await source.running());
      if (ending) continue;
      await changes.next(signal);
      const newer = await reopened(file, source.path);
      if (!newer) continue;
      for await (const { lines } of wholeLines(file, position, true)) yield formatter.format(lines);
      await file.close();
      file = newer;
      position = 0;
    }
  } finally {
    changes?.close();
    await file.close();
  }
}

/** Whole lines from `position` on, many at a time; with `all`, an unfinished one at the end of the file too. */
async function* wholeLines(
  file: FileHandle,
  position: number,
  all: boolean,
): AsyncGenerator<{ lines: Buffer; end: number }> {
  let kept = Buffer.alloc(0);
  for (let at = position; ; ) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, at);
    at += bytesRead;
    const bytes = Buffer.concat([kept, chunk.subarray(0, bytesRead)]);
    const length = bytesRead === 0 && all ? bytes.length : bytes.lastIndexOf(NEWLINE) + 1;
    if (length > 0) yield { lines: bytes.subarray(0, length), end: at - (bytes.length - length) };
    if (bytesRead === 0) return;
    kept = bytes.subarray(length);
  }
}

/** The file that has taken the path's place by rotation, if one has. */
async function reopened(file: FileHandle, path: string): Promise<FileHandle | undefined> {
  const newer = await open(path, 'r').catch(ignoreMissing);
  if (!newer) return undefined;
  const [old, present] = await Promise.all([file.stat(), newer.stat()]);
  if (old.ino !== present.ino) return newer;
  await newer.close();
  return undefined;
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** Tells when something happened to a file: at once by inotify, by the clock in any case. */
class Changes {
  readonly #clock: Clock;
  readonly #watcher: FSWatcher;
  #happened = false;
  #wake: () => void = () => undefined;

  constructor(path: string, clock: Clock) {
    this.#clock = clock;
    this.#watcher = watch(dirname(path), { persistent: false }, (_, name) => {
      if (name !== basename(path)) return;
      this.#happened = true;
      this.#wake();
    });
    this.#watcher.on('error', () => this.#watcher.close());
  }

  async next(signal: AbortSignal): Promise<void> {
    if (!this.#happened) {
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await delay(this.#clock, FORCED_CHECK_MS, AbortSignal.any([signal, woken.signal]));
    }
    this.#happened = false;
  }

  close(): void {
    this.#watcher.close();
  }
}
