import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type SecureServerOptions,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export type Message = IncomingMessage | Http2ServerRequest;
export type Reply = ServerResponse | Http2ServerResponse;

export interface SecureServerHandlers {
  request(message: Message, reply: Reply): void;
  upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** HTTP/2 and HTTP/1.1 over TLS, on as many ports as it is told to listen at. */
export interface SecureServer {
  /** Resolves with the port, which is chosen when 0 is asked for. */
  listen(port: number, host: string): Promise<number>;
  /** For connections from now on. PEM. */
  setCertificate(tls: { cert: string; key: string }): void;
  /** Admits nobody any more, and resolves when every connection has ended; they end by themselves, or by the signal. */
  close(cut: AbortSignal): Promise<void>;
}

/** One connection carries all that a client watches. Source: kube-apiserver's --http2-max-streams-per-connection. */
const MAX_CONCURRENT_STREAMS = 1_000;
/** Keeps idle connections as long as Go's net/http client would reuse them. */
const KEEP_ALIVE_MS = 180_000;

export function createHttpsServer(tls: SecureServerOptions, handlers: SecureServerHandlers): SecureServer {
  const sockets = new Set<Socket>();
  const servers: Http2SecureServer[] = [];
  let options: SecureServerOptions = {
    ...tls,
    allowHTTP1: true,
    settings: { maxConcurrentStreams: MAX_CONCURRENT_STREAMS },
  };
  const open = () => {
    const server = createSecureServer(options);
    // A watch and a log that is followed take as long as they take.
    Object.assign(server, { keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0, headersTimeout: 0 });
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    server.on('session', (session) => session.on('error', () => session.destroy()));
    server.on('request', handlers.request);
    server.on('upgrade', handlers.upgrade);
    // A peer that goes away in the middle of a handshake is no failure of ours.
    server.on('tlsClientError', () => undefined);
    server.on('sessionError', () => undefined);
    servers.push(server);
    return server;
  };
  return {
    listen: (port, host) => listen(open(), port, host),
    setCertificate(renewed) {
      options = { ...options, ...renewed };
      for (const server of servers) server.setSecureContext(options);
    },
    async close(cut) {
      const closed = Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      const destroy = () => {
        for (const socket of sockets) socket.destroy();
      };
      if (cut.aborted) destroy();
      else cut.addEventListener('abort', destroy, { once: true });
      await closed;
    },
  };
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
