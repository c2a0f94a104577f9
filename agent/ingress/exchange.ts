import type { IncomingMessage, ServerResponse } from 'node:http';
import { refuse } from './answers.ts';
import type { Balance } from './balance.ts';
import type { Connection, Connections, Exchange } from './connections.ts';
import { type Framing, forwardedHeaders, framingOf, headText, type Origin } from './request-head.ts';
import { rewritten } from './rewrite.ts';
import type { Target } from './table.ts';
import type { Endpoint, Upstream } from './upstream.ts';

export interface Means {
  connections: Connections;
  balance: Balance;
}

const MAX_TRIES = 3;
/** RFC 9110 §9.2.2: doing them twice is doing them once. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** One request on its way to an endpoint that speaks HTTP/1.1, and the answer on its way back. */
export class HttpExchange implements Exchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #target: Target<Upstream>;
  readonly #means: Means;
  readonly #framing: Framing;
  readonly #head: string;
  readonly #tried: Endpoint[] = [];
  #connection: Connection | undefined;
  #endpoint: Endpoint | undefined;
  #bodyBegan = false;
  #bodySent = false;
  #bodyBytes = 0;
  #answered = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    target: Target<Upstream>,
    origin: Origin,
    means: Means,
  ) {
    this.#request = request;
    this.#response = response;
    this.#target = target;
    this.#means = means;
    this.#framing = framingOf(request);
    this.#bodySent = this.#framing === 'none';
    const headers = forwardedHeaders(request, origin);
    this.#head = headText(
      request.method ?? 'GET',
      upstreamPath(request.url ?? '/', target),
      origin.host,
      headers,
      this.#framing,
    );
  }

  start(): void {
    const { maxBodyBytes } = this.#target.options;
    if (typeof this.#framing === 'number' && this.#framing > maxBodyBytes) return void refuse(this.#response, 413);
    this.#response.once('close', () => this.#connection?.abandon());
    this.#response.on('drain', () => this.#connection?.socket.resume());
    this.#try();
  }

  #try(): void {
    const { upstream, options } = this.#target;
    const endpoint = this.#means.balance.pick(upstream, this.#tried);
    if (!endpoint) return void refuse(this.#response, this.#tried.length > 0 ? 502 : 503);
    this.#endpoint = endpoint;
    const connection = this.#means.connections.take(endpoint, upstream.protocol === 'https');
    this.#connection = connection;
    connection.begin(this, this.#request.method ?? 'GET', options.readTimeoutMs);
    connection.socket.write(this.#head, 'latin1');
    // A body is only sent once somebody is there to take it: it could not be sent again to another.
    if (this.#framing !== 'none' && connection.connected) this.#sendBody();
  }

  drained(): void {
    if (this.#framing === 'none') return;
    if (this.#bodyBegan) this.#request.resume();
    else this.#sendBody();
  }

  #sendBody(): void {
    if (this.#bodyBegan) return;
    this.#bodyBegan = true;
    this.#request.on('data', (chunk: Buffer) => this.#sendChunk(chunk));
    this.#request.on('end', () => {
      if (this.#framing === 'chunked') this.#connection?.socket.write('0\r\n\r\n', 'latin1');
      this.#bodySent = true;
    });
  }

  #sendChunk(chunk: Buffer): void {
    const socket = this.#connection?.socket;
    if (!socket) return;
    this.#bodyBytes += chunk.length;
    if (this.#bodyBytes > this.#target.options.maxBodyBytes) return void this.#giveUp(413);
    if (this.#framing === 'chunked') socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1');
    let more = socket.write(chunk);
    if (this.#framing === 'chunked') more = socket.write('\r\n', 'latin1');
    if (!more) this.#request.pause();
  }

  head(status: number, reason: string, rawHeaders: string[]): void {
    this.#answered = true;
    if (this.#response.headersSent) return;
    if (this.#request.httpVersionMajor === 2) this.#response.writeHead(status, rawHeaders);
    else this.#response.writeHead(status, reason, rawHeaders);
  }

  data(chunk: Buffer): void {
    if (!this.#response.write(chunk)) this.#connection?.socket.pause();
  }

  end(rawTrailers: string[], reusable: boolean): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.socket.resume();
    connection?.release(reusable && this.#bodySent);
    if (rawTrailers.length > 0) this.#response.addTrailers(pairs(rawTrailers));
    this.#response.end();
  }

  failed(error: Error, connected: boolean): void {
    const reused = this.#connection?.reused === true;
    this.#connection = undefined;
    const endpoint = this.#endpoint!;
    // A connection that was kept may have been closed while the request was on its way: the endpoint is not to blame.
    if (!reused) {
      this.#means.balance.refused(endpoint);
      this.#tried.push(endpoint);
    }
    if (this.#answered) return void this.#response.destroy();
    const timedOut = connected && error.message === 'timeout';
    const repeatable = !connected || (IDEMPOTENT.has(this.#request.method ?? '') && !timedOut);
    const left =
      this.#tried.length < MAX_TRIES && (reused || this.#tried.length < this.#target.upstream.endpoints.length);
    if (repeatable && left && !this.#bodyBegan && !this.#response.destroyed) return void this.#try();
    this.#giveUp(timedOut ? 504 : 502);
  }

  #giveUp(status: number): void {
    this.#connection?.abandon();
    this.#connection = undefined;
    if (this.#answered) this.#response.destroy();
    else refuse(this.#response, status);
  }
}

export function upstreamPath(url: string, { rewrite }: Target<Upstream>): string {
  if (!rewrite) return url;
  const question = url.indexOf('?');
  const path = question < 0 ? url : url.slice(0, question);
  return rewritten(path, rewrite) + (question < 0 ? '' : url.slice(question));
}

function pairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i]!, raw[2 * i + 1]!]);
}
