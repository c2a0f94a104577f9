import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { redirect, refuse } from './answers.ts';
import { Balance } from './balance.ts';
import type { Certificates } from './certificates.ts';
import { Connections } from './connections.ts';
import { HttpExchange } from './exchange.ts';
import { Http2Upstreams } from './http2-upstream.ts';
import type { Origin } from './request-head.ts';
import { type Found, lookUp, type Table } from './table.ts';
import { tunnel } from './tunnel.ts';
import type { Upstream } from './upstream.ts';

/** What the gateway serves by; replaced whole, between two requests. */
export interface GatewayState {
  table: Table<Upstream>;
  certificates: Certificates;
}

export interface GatewayOptions {
  now(): number;
  /** Shown where no Secret has a certificate for the host. */
  fallbackCertificate: { cert: string; key: string };
  /** The ports of 127.0.0.1 that lead here: a redirect goes from one to the other. */
  loopbackPorts?: { http: number; https: number } | undefined;
}

/** As nginx' keepalive_timeout and client_header_timeout. */
const KEEP_ALIVE_MS = 75_000;
const HEADERS_TIMEOUT_MS = 60_000;
const BACKLOG = 4_096;
const DRAIN_MS = 5_000;

/** The gateway's servers, for HTTP and for TLS with HTTP/2 and HTTP/1.1. */
export class Gateway {
  state: GatewayState = { table: { hosts: new Map(), fallback: undefined }, certificates: { find: () => undefined } };
  readonly #options: GatewayOptions;
  readonly #balance: Balance;
  readonly #connections = new Connections();
  readonly #http2: Http2Upstreams;
  readonly #plain: Server;
  readonly #secure: Http2SecureServer;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#balance = new Balance(options.now);
    this.#http2 = new Http2Upstreams(this.#balance);
    const limits = {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: 0,
      noDelay: true,
    };
    this.#plain = createHttpServer(limits, (request, response) => this.#serve(request, response, 'http'));
    const { cert, key } = options.fallbackCertificate;
    const fallback = createSecureContext({ cert, key });
    this.#secure = createSecureServer({
      cert,
      key,
      allowHTTP1: true,
      minVersion: 'TLSv1.2',
      SNICallback: (name, done) => done(null, this.state.certificates.find(name.toLowerCase()) ?? fallback),
    });
    this.#secure.on('request', (request, response) =>
      this.#serve(request as unknown as IncomingMessage, response as unknown as ServerResponse, 'https'),
    );
    for (const [server, scheme] of [
      [this.#plain, 'http'],
      [this.#secure, 'https'],
    ] as const) {
      server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
        this.#upgrade(request, socket, head, scheme),
      );
      server.on('clientError', (_: Error, socket: Duplex) => {
        if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      });
    }
    // A handshake that fails, and a client that leaves, are the client's affair.
    this.#secure.on('sessionError', () => undefined);
  }

  /** `reusePort`: the next gateway may begin before this one ends. */
  async listen(host: string, ports: { http: number; https: number }): Promise<{ http: number; https: number }> {
    const chosen = await Promise.all(
      [[this.#plain, ports.http] as const, [this.#secure, ports.https] as const].map(([server, port]) =>
        listening(server, host, port),
      ),
    );
    return { http: chosen[0]!, https: chosen[1]! };
  }

  /** Accepts nothing more; requests under way may end. */
  async close(): Promise<void> {
    const ended = [this.#plain, this.#secure].map((server) => new Promise((resolve) => server.close(resolve)));
    this.#plain.closeIdleConnections();
    const timer = AbortSignal.timeout(DRAIN_MS);
    await Promise.race([Promise.all(ended), new Promise((resolve) => timer.addEventListener('abort', resolve))]);
    this.#plain.closeAllConnections();
    this.#connections.close();
    this.#http2.close();
  }

  #serve(request: IncomingMessage, response: ServerResponse, scheme: Origin['scheme']): void {
    const origin = originOf(request, scheme);
    const url = request.url ?? '';
    if (!url.startsWith('/') || origin.host === '') return void refuse(response, 400);
    const found = this.#find(origin, url);
    const { target } = found;
    if (scheme === 'http' && shallBeSecure(found))
      return void redirect(response, 308, this.#secureLocation(origin, url));
    if (!target) return void refuse(response, 404);
    const { redirect: elsewhere } = target.options;
    if (elsewhere) return void redirect(response, elsewhere.code, elsewhere.location);
    const { protocol } = target.upstream;
    if (protocol === 'h2' || protocol === 'h2c') return void this.#http2.forward(request, response, target, origin);
    new HttpExchange(request, response, target, origin, {
      connections: this.#connections,
      balance: this.#balance,
    }).start();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, scheme: Origin['scheme']): void {
    const origin = originOf(request, scheme);
    const { target } = this.#find(origin, request.url ?? '/');
    const endpoint = target && this.#balance.pick(target.upstream);
    if (!target || !endpoint) {
      socket.end(
        `HTTP/1.1 ${target ? '503 Service Unavailable' : '404 Not Found'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
      return;
    }
    const to = { ...endpoint, noDelay: true };
    const upstream: Socket =
      target.upstream.protocol === 'https' ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to);
    tunnel(request, socket, head, target, origin, upstream);
  }

  #find({ host }: Origin, url: string): Found<Upstream> {
    const question = url.indexOf('?');
    return lookUp(this.state.table, hostname(host), question < 0 ? url : url.slice(0, question));
  }

  #secureLocation({ host }: Origin, url: string): string {
    const { http, https } = this.#options.loopbackPorts ?? {};
    const [name, port] = host.split(':');
    return `https://${name}${port !== undefined && port === `${http}` ? `:${https}` : ''}${url}`;
  }
}

/** An Ingress with TLS for the host sends plain requests over to it, unless it says otherwise; as ingress-nginx. */
function shallBeSecure({ target, tls }: Found<Upstream>): boolean {
  return target?.options.redirectToHttps ?? (tls && target !== undefined);
}

function originOf(request: IncomingMessage, scheme: Origin['scheme']): Origin {
  const { headers, socket } = request;
  const host = headers.host ?? (headers[':authority' as 'host'] || '');
  const remote = socket.remoteAddress ?? '';
  return { host, remoteAddress: remote.startsWith('::ffff:') ? remote.slice(7) : remote, scheme };
}

function hostname(host: string): string {
  const colon = host.indexOf(':');
  return (colon < 0 ? host : host.slice(0, colon)).toLowerCase();
}

function listening(server: Server | Http2SecureServer, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: BACKLOG, reusePort: true }, () =>
      resolve((server.address() as { port: number }).port),
    );
  });
}
