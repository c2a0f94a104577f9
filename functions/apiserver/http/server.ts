import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { type Clock, delay } from '../../../lib/runtime/clock.ts';
import type { Random } from '../../../lib/runtime/random.ts';
import type { Apiserver, Connection } from '../contract.ts';
import { connectionOf } from './connection.ts';
import { toRequest } from './request.ts';
import { send } from './response.ts';
import { type UpgradeCredentials, upgrade } from './upgrade.ts';

export interface HttpServerOptions {
  apiserver: Apiserver;
  /** PEM: the serving certificate and key. */
  cert: string;
  key: string;
  /** PEM: who signs client certificates. */
  clientCa: string;
  /** Shown to agents on upgraded connections. */
  upgradeCredentials: UpgradeCredentials;
  clock: Clock;
  random: Random;
}

export interface HttpServer {
  /** Resolves with the port, which is chosen when 0 is asked for. */
  listen(port: number, host: string): Promise<number>;
  /** Lets requests that are under way end, watches at once. */
  close(): Promise<void>;
}

const MAX_CONCURRENT_STREAMS = 1_000;
/** Keeps idle connections as long as Go's net/http client would reuse them. */
const KEEP_ALIVE_MS = 180_000;
/** Watches are ended and what is left is cut off after this. */
const GRACE_MS = 5_000;

export type Message = IncomingMessage | Http2ServerRequest;
export type Reply = ServerResponse | Http2ServerResponse;

/** HTTP/2 and HTTP/1.1 on one port; a client certificate is asked for and may be absent. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const sockets = new Set<Socket>();
  const underWay = new Set<Promise<void>>();
  const closing = new AbortController();
  const servers: Http2SecureServer[] = [];
  const open = () => {
    const server = createSecureServer({
      allowHTTP1: true,
      cert: options.cert,
      key: options.key,
      ca: options.clientCa,
      requestCert: true,
      rejectUnauthorized: false,
      settings: { maxConcurrentStreams: MAX_CONCURRENT_STREAMS },
    });
    Object.assign(server, { keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0, headersTimeout: 0 });
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    server.on('session', (session) => session.on('error', () => session.destroy()));
    server.on('request', (message, reply) => {
      const served: Promise<void> = serve(options, message, reply, closing.signal).finally(() =>
        underWay.delete(served),
      );
      underWay.add(served);
    });
    server.on('upgrade', (message: IncomingMessage, socket, head) =>
      upgrade(options.apiserver, message, socket, head, connectionOf(message), options.upgradeCredentials),
    );
    // A peer that goes away in the middle of a handshake is no failure of ours.
    server.on('tlsClientError', () => undefined);
    server.on('sessionError', () => undefined);
    servers.push(server);
    return server;
  };
  return {
    listen: (port, host) => listen(open(), port, host),
    async close() {
      closing.abort();
      const closed = Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      await Promise.race([Promise.all(underWay), delay(options.clock, GRACE_MS)]);
      // What is left is idle, upgraded, or took too long.
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function serve(
  { apiserver, random }: HttpServerOptions,
  message: Message,
  reply: Reply,
  closing: AbortSignal,
): Promise<void> {
  const connection: Connection = connectionOf(message);
  const auditId = headerOf(message, 'audit-id') ?? random.uuid();
  try {
    const request = await toRequest(message, reply, closing);
    const response = 'status' in request ? request : await apiserver.fetch(request, connection);
    await send(message, reply, response, auditId);
  } catch {
    // Only a broken connection gets here: the apiserver answers its own failures.
    reply.destroy();
  }
}

function headerOf(message: Message, name: string): string | undefined {
  const value = message.headers[name];
  return typeof value === 'string' ? value : undefined;
}

function listen(server: Http2SecureServer, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
