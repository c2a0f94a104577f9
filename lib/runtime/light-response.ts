/**
 * Look-alikes of Headers, Request and Response that keep what they are given and build nothing until asked:
 * the platform's own cost more than serving a stored object does. Both sides of an in-process call may use either kind.
 */
export type HeaderValues = Record<string, string | string[] | undefined>;

/** What a body may be: bytes at hand, or chunks as they come. */
export type Content = Uint8Array | AsyncIterable<Uint8Array> | undefined;

export class LightHeaders {
  /** Names in lower case, as node:http gives and takes them. */
  readonly values: HeaderValues;

  constructor(values: HeaderValues = {}) {
    this.values = values;
  }

  get(name: string): string | null {
    const value = this.values[name.toLowerCase()];
    if (value === undefined) return null;
    return typeof value === 'string' ? value : value.join(', ');
  }

  has(name: string): boolean {
    return this.values[name.toLowerCase()] !== undefined;
  }

  set(name: string, value: string): void {
    this.values[name.toLowerCase()] = value;
  }

  append(name: string, value: string): void {
    const before = this.values[name.toLowerCase()];
    this.values[name.toLowerCase()] = before === undefined ? value : [before, value].flat();
  }

  delete(name: string): void {
    delete this.values[name.toLowerCase()];
  }

  *entries(): Generator<[string, string]> {
    for (const [name, value] of Object.entries(this.values)) {
      if (typeof value === 'string') yield [name, value];
      else for (const one of value ?? []) yield [name, one];
    }
  }

  [Symbol.iterator](): Generator<[string, string]> {
    return this.entries();
  }

  forEach(visit: (value: string, name: string) => void): void {
    for (const [name, value] of this.entries()) visit(value, name);
  }
}

const decoder = new TextDecoder();
const NOTHING = new Uint8Array(0);

class LightBody {
  readonly content: Content;
  bodyUsed = false;

  constructor(content: Content) {
    this.content = content;
  }

  get body(): ReadableStream<Uint8Array> | null {
    if (this.content === undefined) return null;
    return ReadableStream.from(this.content instanceof Uint8Array ? [this.content] : this.content);
  }

  async bytes(): Promise<Uint8Array> {
    this.bodyUsed = true;
    if (this.content === undefined) return NOTHING;
    if (this.content instanceof Uint8Array) return this.content;
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.content) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = await this.bytes();
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  }

  async text(): Promise<string> {
    return decoder.decode(await this.bytes());
  }

  async json(): Promise<any> {
    return JSON.parse(await this.text());
  }
}

export class LightResponse extends LightBody {
  readonly status: number;
  readonly headers: LightHeaders;

  constructor(status: number, headers: HeaderValues, content?: Content) {
    super(content);
    this.status = status;
    this.headers = new LightHeaders(headers);
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }
}

export interface LightRequestInit {
  method: string;
  url: string;
  headers?: HeaderValues;
  content?: Content;
  signal?: AbortSignal | (() => AbortSignal);
}

export class LightRequest extends LightBody {
  readonly method: string;
  readonly url: string;
  readonly headers: LightHeaders;
  private readonly aborts: AbortSignal | (() => AbortSignal) | undefined;

  constructor(init: LightRequestInit) {
    super(init.content);
    this.method = init.method;
    this.url = init.url;
    this.headers = new LightHeaders(init.headers);
    this.aborts = init.signal;
  }

  /** Made when first looked at: most requests end before anyone would. */
  get signal(): AbortSignal {
    if (typeof this.aborts === 'function') return this.aborts();
    return this.aborts ?? NEVER;
  }
}

const NEVER = new AbortController().signal;

export function lightResponse(status: number, headers: HeaderValues, content?: Content): Response {
  return new LightResponse(status, headers, content) as unknown as Response;
}

export function lightRequest(init: LightRequestInit): Request {
  return new LightRequest(init) as unknown as Request;
}

/** A body's bytes without a copy where it is light. */
export async function bytesOf(message: Request | Response): Promise<Uint8Array> {
  const any: unknown = message;
  if (any instanceof LightBody) return any.bytes();
  return new Uint8Array(await message.arrayBuffer());
}

/** A body chunk by chunk, straight from who makes them where it is light. */
export async function* chunksOf(message: Request | Response): AsyncGenerator<Uint8Array, void, void> {
  const any: unknown = message;
  const content = any instanceof LightBody ? any.content : message.body;
  if (content instanceof Uint8Array) yield content;
  else if (content) yield* content;
}
