import { Duplex } from 'node:stream';

/** What waits to be fetched, and to be read: beyond it the other side waits. */
export const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;

/** What a client has not fetched yet. */
export interface Output {
  bytes: Buffer;
  /** Nothing will follow these bytes. */
  end: boolean;
}

/**
 * A connection whose bytes come and go in messages. Output is kept until the client names a later offset, so that an answer that was lost
 * is fetched again; input that came before is not taken twice. The offsets are TCP's sequence numbers, from 0.
 */
export class VirtualSocket extends Duplex {
  #output: Buffer[] = [];
  /** Offset of the first byte that is kept, and of the next that is written. */
  #outputStart = 0;
  #outputEnd = 0;
  #outputEnded = false;
  #held: (() => void) | undefined;
  #received = 0;
  #inputEnded = false;
  #waiting = new Set<() => void>();

  constructor() {
    super({ allowHalfOpen: true });
  }

  /** Bytes of the client's that begin at this offset. false: some before them are missing. */
  takeInput(offset: number, bytes: Buffer, end: boolean): boolean {
    if (offset > this.#received) return false;
    const fresh = bytes.subarray(this.#received - offset);
    this.#received += fresh.byteLength;
    if (fresh.byteLength > 0) this.push(fresh);
    if (end && !this.#inputEnded) {
      this.#inputEnded = true;
      this.push(null);
    }
    return true;
  }

  /** Whether more input may come now. */
  get full(): boolean {
    return this.readableLength > MAX_BUFFERED_BYTES;
  }

  /** What is there from this offset on; undefined: it was fetched before and is no longer kept. What is before it is forgotten. */
  outputFrom(offset: number, limit: number): Output | undefined {
    if (offset < this.#outputStart || offset > this.#outputEnd) return undefined;
    this.#forget(offset);
    const whole = this.#output.length === 1 ? this.#output[0]! : Buffer.concat(this.#output);
    this.#output = whole.byteLength > 0 ? [whole] : [];
    const bytes = whole.subarray(0, limit);
    return { bytes, end: this.#outputEnded && bytes.byteLength === whole.byteLength };
  }

  /** Calls back when there is something to fetch, once. The result calls it off. */
  onOutput(run: () => void): () => void {
    this.#waiting.add(run);
    return () => this.#waiting.delete(run);
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    // The writer may use its memory again.
    this.#output.push(Buffer.from(chunk));
    this.#outputEnd += chunk.byteLength;
    if (this.#outputEnd - this.#outputStart > MAX_BUFFERED_BYTES) this.#held = done;
    else done();
    this.#tell();
  }

  override _final(done: () => void): void {
    this.#endOutput();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#endOutput();
    this.#held = undefined;
    done(error);
  }

  override _read(): void {
    // Input is pushed as it comes.
  }

  #endOutput(): void {
    this.#outputEnded = true;
    this.#tell();
  }

  #tell(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const run of waiting) run();
  }

  #forget(offset: number): void {
    let drop = offset - this.#outputStart;
    this.#outputStart = offset;
    while (drop > 0) {
      const first = this.#output[0]!;
      if (first.byteLength > drop) this.#output[0] = first.subarray(drop);
      else this.#output.shift();
      drop -= Math.min(drop, first.byteLength);
    }
    if (this.#held && this.#outputEnd - this.#outputStart <= MAX_BUFFERED_BYTES) {
      const done = this.#held;
      this.#held = undefined;
      done();
    }
  }
}
