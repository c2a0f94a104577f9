import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { refuse } from './answers.ts';
import type { Balance } from './balance.ts';
import { upstreamPath } from './exchange.ts';
import { forwardedHeaders, framingOf, type Origin } from './request-head.ts';
import type { Target } from './table.ts';
import type { Endpoint, Upstream } from './upstream.ts';

const MAX_TRIES = 3;

/** Sessions to endpoints that speak HTTP/2, one for each: requests are streams of it. */
export class Http2Upstreams {
  readonly #sessions = new Map<string, ClientHttp2Session>();
  readonly #balance: Balance;

  constructor(balance: Balance) {
    this.#balance = balance;
  }

  /** gRPC and other HTTP/2: headers, body, trailers, and a reset where the client or the server resets. */
  forward(request: IncomingMessage, response: ServerResponse, target: Target<Upstream>, origin: Origin): void {
    this.#try(request, response, target, origin, []);
  }

  #try(
    request: IncomingMessage,
    response: ServerResponse,
    target: Target<Upstream>,
    origin: Origin,
    tried: Endpoint[],
  ): void {
    const endpoint = this.#balance.pick(target.upstream, tried);
    if (!endpoint) return void refuse(response, tried.length > 0 ? 502 : 503);
    const session = this.#session(endpoint, target.upstream.protocol === 'h2');
    const again = () => {
      this.#balance.refused(endpoint);
      const left = tried.length + 1 < Math.min(MAX_TRIES, target.upstream.endpoints.length);
      if (left && !response.destroyed) this.#try(request, response, target, origin, [...tried, endpoint]);
      else refuse(response, 502);
    };
    if (!session.connecting) return void this.#send(session, request, response, target, origin);
    session.once('connect', () => {
      session.off('error', again);
      this.#send(session, request, response, target, origin);
    });
    session.once('error', again);
  }

  #send(
    session: ClientHttp2Session,
    request: IncomingMessage,
    response: ServerResponse,
    target: Target<Upstream>,
    origin: Origin,
  ): void {
    const none = framingOf(request) === 'none';
    const stream = session.request(requestHeaders(request, target, origin), { endStream: none });
    stream.setTimeout(target.options.readTimeoutMs, () => stream.close(constants.NGHTTP2_CANCEL));
    if (!none) request.pipe(stream);
    answer(stream, request, response);
  }

  #session({ host, port }: Endpoint, secure: boolean): ClientHttp2Session {
    const key = `${secure ? 'https' : 'http'}://${host}:${port}`;
    const known = this.#sessions.get(key);
    if (known && !known.closed && !known.destroyed) return known;
    const session = connect(key, { rejectUnauthorized: false });
    this.#sessions.set(key, session);
    const forget = () => {
      if (this.#sessions.get(key) === session) this.#sessions.delete(key);
    };
    session.on('error', forget).on('close', forget);
    session.on('goaway', forget);
    return session;
  }

  close(): void {
    for (const session of this.#sessions.values()) session.close();
  }
}

function requestHeaders(request: IncomingMessage, target: Target<Upstream>, origin: Origin): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = {};
  const list = forwardedHeaders(request, origin);
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i]!.toLowerCase();
    const before = headers[name];
    headers[name] = before === undefined ? list[i + 1]! : [before, list[i + 1]!].flat();
  }
  // gRPC servers want to be told that trailers are understood (gRPC over HTTP/2, Requests).
  if (request.headers.te?.includes('trailers')) headers['te'] = 'trailers';
  return {
    ...headers,
    ':method': request.method ?? 'GET',
    ':path': upstreamPath(request.url ?? '/', target),
    ':authority': origin.host,
    ':scheme': target.upstream.protocol === 'h2' ? 'https' : 'http',
  };
}

function answer(stream: ClientHttp2Stream, request: IncomingMessage, response: ServerResponse): void {
  const isHttp2 = request.httpVersionMajor === 2;
  stream.on('response', (headers) => {
    const { ':status': status = 502, ...rest } = headers;
    response.writeHead(status, withoutPseudo(rest));
  });
  stream.on('trailers', (trailers) => response.addTrailers(withoutPseudo(trailers) as Record<string, string>));
  stream.on('data', (chunk: Buffer) => {
    if (!response.write(chunk)) stream.pause();
  });
  response.on('drain', () => stream.resume());
  stream.on('end', () => response.end());
  stream.on('error', () => {
    if (response.headersSent) response.destroy();
    else refuse(response, 502);
  });
  stream.on('close', () => {
    if (response.writableEnded || stream.rstCode === constants.NGHTTP2_NO_ERROR) return;
    if (isHttp2) (response as unknown as { stream: ClientHttp2Stream }).stream.close(stream.rstCode);
    else response.destroy();
  });
  response.on('close', () => {
    if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
  });
}

function withoutPseudo(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':')));
}
