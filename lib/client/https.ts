import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { serviceUnavailable } from '../api/status.ts';
import type { Transport } from './client.ts';

export interface HttpsOptions {
  /** `https://192.168.17.1:6443` */
  server: string;
  /** PEM: who signed the server's certificate. */
  ca: string | Buffer;
  /** PEM client certificate and key, or a bearer token (asked for each request: it may rotate). */
  cert?: string | Buffer;
  key?: string | Buffer;
  token?: () => string;
  /** How long an answer's head may take. Watches answer at once too. Default 30 s. */
  timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** Finds a server that is gone without saying so (RFC 1122 keep-alives), as a watch may be silent for long. */
const KEEP_ALIVE_MS = 15_000;
const NO_BODY = new Set([204, 304]);

/** Requests over HTTP/1.1 with connections kept: one lost is replaced by the next request. Failures to reach the server are ServiceUnavailable. */
export function httpsTransport(options: HttpsOptions): Transport {
  const { ca, cert, key } = options;
  const tls = { ca, ...(cert && { cert }), ...(key && { key }) };
  const agent = new Agent({ ...tls, keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, scheduling: 'lifo' });
  return async (request) => {
    const body = request.body ? Buffer.from(await request.arrayBuffer()) : undefined;
    try {
      return await send(agent, options, request, body);
    } catch (error) {
      if (error instanceof StaleConnection) return send(agent, options, request, body);
      throw error;
    }
  };
}

/** A kept connection that the server had closed before it read the request, all but surely: it is sent again (Node's http documentation, `reusedSocket`). Callers are right even if it was read: they are level-triggered. */
class StaleConnection extends Error {}

function send(agent: Agent, options: HttpsOptions, request: Request, body: Buffer | undefined): Promise<Response> {
  const url = new URL(request.url);
  const target = new URL(url.pathname + url.search, options.server);
  const headers: Record<string, string> = Object.fromEntries(request.headers);
  if (options.token) headers['authorization'] = `Bearer ${options.token()}`;
  if (body) headers['content-length'] = String(body.length);
  return new Promise((resolve, reject) => {
    const out = httpsRequest(target, { method: request.method, headers, agent, signal: request.signal });
    out.setTimeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, () => out.destroy(new Error('no answer in time')));
    out.once('response', (incoming) => {
      out.setTimeout(0);
      resolve(toResponse(incoming));
    });
    out.once('error', (error) => reject(explain(error, out, request, target)));
    out.end(body);
  });
}

function explain(error: NodeJS.ErrnoException, out: ClientRequest, request: Request, target: URL): Error {
  if (request.signal.aborted) return error;
  if (out.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) return new StaleConnection();
  const unavailable = serviceUnavailable(`${request.method} ${target.origin}: ${error.message}`);
  unavailable.cause = error;
  return unavailable;
}

function toResponse(incoming: IncomingMessage): Response {
  const status = incoming.statusCode ?? 502;
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) headers.set(name, String(value));
  if (NO_BODY.has(status)) incoming.resume();
  const body = NO_BODY.has(status) ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>);
  return new Response(body, { status, headers });
}
