import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StatusError } from '../api/status.ts';
import { chunksOf, type HeaderValues, lightRequest } from '../runtime/light-response.ts';
import { createHttpsServer, type Message, type Reply } from '../runtime/secure-server.ts';
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

/** What Lambda takes at most; Kubernetes' own limit is 3 MiB. */
const MAX_BODY_BYTES = 6 * 1024 * 1024;
const NO_BODY = new Set(['GET', 'HEAD', 'OPTIONS']);

export function createProxyServer(tls: ServingCertificate, handlers: ServerHandlers): ProxyServer {
  const server = createHttpsServer(tls, {
    request: (message, reply) => void serve(handlers, message, reply),
    upgrade: handlers.upgrade,
  });
  return { ...server, close: () => server.close(AbortSignal.abort()) };
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
