/** What a response says, as its bytes come. */
export interface ResponseSink {
  head(status: number, reason: string, rawHeaders: string[]): void;
  data(chunk: Buffer): void;
  /** `reusable`: the connection can carry another request. */
  end(rawTrailers: string[], reusable: boolean): void;
}

type State = 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'until-close' | 'done';

const MAX_HEAD_BYTES = 64 << 10;
const MAX_CHUNK_LINE_BYTES = 1 << 10;
/** Of one connection, not of the message behind it (RFC 9110 §7.6.1). */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

/** Responses of an HTTP/1.1 server (RFC 9112), without a stream or object for each: half of a proxy's time otherwise. */
export class ResponseParser {
  #sink!: ResponseSink;
  #state: State = 'done';
  #pending: Buffer | undefined;
  #left = 0;
  #isHead = false;
  #reusable = true;
  #trailers: string[] = [];

  /** Ready for the answer to one request. */
  expect(sink: ResponseSink, method: string): void {
    this.#sink = sink;
    this.#state = 'head';
    this.#pending = undefined;
    this.#isHead = method === 'HEAD';
    this.#reusable = true;
    this.#trailers = [];
  }

  get done(): boolean {
    return this.#state === 'done';
  }

  /** Throws on what is no HTTP. */
  execute(received: Buffer): void {
    const buffer = this.#pending ? Buffer.concat([this.#pending, received]) : received;
    this.#pending = undefined;
    let at = 0;
    while (at < buffer.length) {
      if (this.#state === 'done') throw new Error('bytes behind the end of a response');
      const next = this.#step(buffer, at);
      if (next === undefined) {
        this.#pending = buffer.subarray(at);
        return;
      }
      at = next;
    }
  }

  /** The server closed the connection: the end of a message without a length, a failure of every other. */
  close(): boolean {
    if (this.#state !== 'until-close') return false;
    this.#reusable = false;
    this.#finish();
    return true;
  }

  /** Where to go on; undefined: more is needed. */
  #step(buffer: Buffer, at: number): number | undefined {
    switch (this.#state) {
      case 'head':
        return this.#head(buffer, at);
      case 'length':
      case 'chunk':
        return this.#body(buffer, at);
      case 'chunk-size':
        return this.#chunkSize(buffer, at);
      case 'chunk-end':
        return this.#chunkEnd(buffer, at);
      case 'trailers':
        return this.#trailer(buffer, at);
      default:
        this.#sink.data(at === 0 ? buffer : buffer.subarray(at));
        return buffer.length;
    }
  }

  #head(buffer: Buffer, at: number): number | undefined {
    const end = buffer.indexOf('\r\n\r\n', at, 'latin1');
    if (end < 0) return tooLong(buffer.length - at, MAX_HEAD_BYTES);
    const lines = buffer.toString('latin1', at, end).split('\r\n');
    const status = /^HTTP\/1\.([01]) (\d{3})(?: (.*))?$/.exec(lines[0] ?? '');
    if (!status) throw new Error('no HTTP/1.1 response');
    const code = Number(status[2]);
    // 100 Continue and 103 Early Hints come before the answer.
    if (code < 200) return end + 4;
    if (status[1] === '0') this.#reusable = false;
    const { headers, length, chunked } = this.#headers(lines);
    this.#sink.head(code, status[3] ?? '', headers);
    if (this.#isHead || code === 204 || code === 304) this.#finish();
    else if (chunked) this.#state = 'chunk-size';
    else if (length === 0) this.#finish();
    else if (length !== undefined) {
      this.#left = length;
      this.#state = 'length';
    } else this.#state = 'until-close';
    return end + 4;
  }

  #headers(lines: readonly string[]): { headers: string[]; length: number | undefined; chunked: boolean } {
    const headers: string[] = [];
    let length: number | undefined;
    let chunked = false;
    for (let i = 1; i < lines.length; i++) {
      const line = lines[i]!;
      const colon = line.indexOf(':');
      if (colon <= 0) throw new Error('a header without a name');
      const name = line.slice(0, colon);
      const value = line.slice(colon + 1).trim();
      const lower = name.toLowerCase();
      if (lower === 'content-length') length = lengthOf(value, length);
      else if (lower === 'transfer-encoding') chunked = /(^|,)\s*chunked\s*$/i.test(value);
      else if (lower === 'connection' && /\bclose\b/i.test(value)) this.#reusable = false;
      if (!HOP_BY_HOP.has(lower)) headers.push(name, value);
    }
    return { headers, length, chunked };
  }

  #body(buffer: Buffer, at: number): number {
    const end = Math.min(buffer.length, at + this.#left);
    this.#left -= end - at;
    this.#sink.data(at === 0 && end === buffer.length ? buffer : buffer.subarray(at, end));
    if (this.#left > 0) return end;
    if (this.#state === 'chunk') this.#state = 'chunk-end';
    else this.#finish();
    return end;
  }

  #chunkSize(buffer: Buffer, at: number): number | undefined {
    const end = buffer.indexOf('\r\n', at, 'latin1');
    if (end < 0) return tooLong(buffer.length - at, MAX_CHUNK_LINE_BYTES);
    const digits = /^([0-9a-f]{1,12})\s*(?:;.*)?$/i.exec(buffer.toString('latin1', at, end))?.[1];
    if (digits === undefined) throw new Error('a chunk without a size');
    this.#left = Number.parseInt(digits, 16);
    this.#state = this.#left === 0 ? 'trailers' : 'chunk';
    return end + 2;
  }

  #chunkEnd(buffer: Buffer, at: number): number | undefined {
    if (buffer.length - at < 2) return undefined;
    if (buffer[at] !== 13 || buffer[at + 1] !== 10) throw new Error('a chunk that does not end where it said');
    this.#state = 'chunk-size';
    return at + 2;
  }

  #trailer(buffer: Buffer, at: number): number | undefined {
    const end = buffer.indexOf('\r\n', at, 'latin1');
    if (end < 0) return tooLong(buffer.length - at, MAX_HEAD_BYTES);
    if (end === at) this.#finish();
    else {
      const line = buffer.toString('latin1', at, end);
      const colon = line.indexOf(':');
      if (colon > 0) this.#trailers.push(line.slice(0, colon), line.slice(colon + 1).trim());
    }
    return end + 2;
  }

  #finish(): void {
    this.#state = 'done';
    this.#sink.end(this.#trailers, this.#reusable);
  }
}

function tooLong(length: number, max: number): undefined {
  if (length > max) throw new Error('a line of the response is too long');
}

/** Two lengths that differ are two messages for two readers (RFC 9112 §6.3). */
function lengthOf(value: string, earlier: number | undefined): number {
  const length = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isNaN(length) || (earlier !== undefined && earlier !== length))
    throw new Error('a response without a proper length');
  return length;
}
