import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StatusError } from '../api/status.ts';
import { chunksOf, type HeaderValues, lightRequest } from '../runtime/light-response.ts';
import type { ServingCertificate } from './contract.ts';
import { endToEnd } from './headers.ts';

export interface ServerHandlers {
  fetch(request: Request): Promise<Response>;
  upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void;
}

export interface ProxyServer {
  listen(port: number, host: string): Promise<number>;
  setCertificate(tls: ServingCertificate): void;
  close(): Promise<void>;
}

type Message = IncomingMessage | Http2ServerRequest;
type Reply = ServerResponse | Http2ServerResponse;

/** As the apiserver's: whoever watches much watches over one connection. */
const MAX_CONCURRENT_STREAMS = 1_000;
/** What Lambda takes at most; Kubernetes' own limit is 3 MiB. */
const MAX_BODY_BYTES = 6 * 1024 * 1024;
const NO_BODY = new Set(['GET', 'HEAD', 'OPTIONS']);

/** HTTP/2 and HTTP/1.1 over TLS on one port. */
export function createProxyServer(tls: ServingCertificate, handlers: ServerHandlers): ProxyServer {
  const sockets = new Set<Socket>();
  const servers: Http2SecureServer[] = [];
  let certificate = tls;
  const open = () => {
    const settings = { maxConcurrentStreams: MAX_CONCURRENT_STREAMS };
    const server = createSecureServer({ allowHTTP1: true, ...certificate, settings });
    Object.assign(server, { requestTimeout: 0, headersTimeout: 0 });
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    server.on('session', (session) => session.on('error', () => session.destroy()));
    server.on('request', (message, reply) => void serve(handlers, message, reply));
    server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) =>
      handlers.upgrade(message, socket, head),
    );
    // A peer that goes away in the middle of a handshake is no failure of ours.
    server.on('tlsClientError', () => undefined);
    server.on('sessionError', () => undefined);
    servers.push(server);
    return server;
  };
  return {
    listen: (port, host) => listen(open(), port, host),
    setCertificate(renewed) {
      certificate = renewed;
      for (const server of servers) server.setSecureContext(renewed);
    },
    async close() {
      const closed = Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function serve({ fetch }: ServerHandlers, message: Message, reply: Reply): Promise<void> {
  try {
    const request = await toRequest(message, reply);
    await send(reply, request ? await fetch(request) : tooLarge(), message.method);
  } catch {
    // Only a broken connection gets here: `fetch` answers its own failures.
    reply.destroy();
  }
}

/** undefined: its body is too large. */
async function toRequest(message: Message, reply: Reply): Promise<Request | undefined> {
  const method = message.method ?? 'GET';
  const headers = { ...(message.headers as HeaderValues) };
  for (const name of Object.keys(headers)) if (name.startsWith(':')) delete headers[name];
  const left = new AbortController();
  reply.once('close', () => left.abort());
  const init = { method, url: `https://apiserver${message.url ?? '/'}`, headers, signal: left.signal };
  if (NO_BODY.has(method)) return lightRequest(init);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return lightRequest({ ...init, content: Buffer.concat(chunks) });
}

function tooLarge(): Response {
  const message = `Request entity too large: limit is ${MAX_BODY_BYTES}`;
  return statusResponse(new StatusError(413, 'RequestEntityTooLarge', message));
}

export function statusResponse(error: StatusError): Response {
  return Response.json(error.toStatus(), { status: error.code });
}

async function send(reply: Reply, response: Response, method = 'GET'): Promise<void> {
  const plain = reply as ServerResponse;
  plain.writeHead(response.status, endToEnd(response.headers) as Record<string, string>);
  // A client learns that its watch has begun before there is anything to tell.
  plain.flushHeaders();
  if (method === 'HEAD') plain.end();
  else await pipeline(Readable.from(chunksOf(response)), plain);
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
