import { fixedTimestamp, parseCriLine } from './cri-line.ts';
import type { LogOptions } from './options.ts';

const NEWLINE = 0x0a;

/** Turns lines of the CRI format into what the container wrote, within the options' bounds. */
export class LineFormatter {
  readonly #options: LogOptions;
  #leftBytes: number;
  #leftLines: number;
  /** A timestamp goes before a line, not before its continuation. */
  #atLineStart = true;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#leftBytes = options.limitBytes ?? Number.POSITIVE_INFINITY;
    // While following, tailLines says where to begin only.
    this.#leftLines = options.follow ? Number.POSITIVE_INFINITY : (options.tailLines ?? Number.POSITIVE_INFINITY);
  }

  /** Nothing more may be given. */
  get full(): boolean {
    return this.#leftBytes <= 0 || this.#leftLines <= 0;
  }

  /** `lines` holds whole lines. */
  format(lines: Buffer): Buffer {
    const output: Buffer[] = [];
    for (let start = 0; start < lines.length && !this.full; ) {
      const newline = lines.indexOf(NEWLINE, start);
      const end = newline < 0 ? lines.length : newline + 1;
      this.#line(lines.subarray(start, end), output);
      start = end;
    }
    return Buffer.concat(output);
  }

  #line(bytes: Buffer, output: Buffer[]): void {
    const line = parseCriLine(bytes);
    if (!line) return;
    this.#leftLines--;
    if (this.#isWanted(line)) {
      if (this.#options.timestamps && this.#atLineStart)
        this.#write(Buffer.from(`${fixedTimestamp(line.timestamp)} `, 'latin1'), output);
      this.#write(line.content, output);
    }
    this.#atLineStart = line.content.length === 0 || line.content.at(-1) === NEWLINE;
  }

  #isWanted({ timestamp, stream }: { timestamp: string; stream: 'stdout' | 'stderr' }): boolean {
    const { sinceMs } = this.#options;
    return this.#options[stream] && (sinceMs === undefined || Date.parse(timestamp) >= sinceMs);
  }

  #write(bytes: Buffer, output: Buffer[]): void {
    const part = bytes.length > this.#leftBytes ? bytes.subarray(0, this.#leftBytes) : bytes;
    this.#leftBytes -= part.length;
    output.push(part);
  }
}
