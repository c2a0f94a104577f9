import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { serviceUnavailable } from '../api/status.ts';
import type { Transport } from '../client/client.ts';
import { bytesOf, type HeaderValues, lightResponse } from '../runtime/light-response.ts';

export interface HttpUpstreamOptions {
  /** `https://ID.execute-api.REGION.amazonaws.com/prod`: a path comes before that of each request. */
  server: string;
  /** PEM. Absent: the authorities that the system trusts. */
  ca?: string | Buffer;
  /** For LocalStack, whose certificate names other hosts. */
  insecureSkipTlsVerify?: boolean;
  /** How long an answer's head may take. Default 60 s: API Gateway gives up after 29. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;

/** Requests over HTTP/1.1 with connections kept. Bodies are sent whole, answers come as they come. Failures to reach the server are ServiceUnavailable. */
export function httpUpstream(options: HttpUpstreamOptions): Transport {
  const base = new URL(options.server);
  const secure = base.protocol === 'https:';
  const tls = { ...(options.ca && { ca: options.ca }), rejectUnauthorized: options.insecureSkipTlsVerify !== true };
  const agent = secure
    ? new HttpsAgent({ keepAlive: true, scheduling: 'lifo', ...tls })
    : new HttpAgent({ keepAlive: true, scheduling: 'lifo' });
  const prefix = base.pathname.replace(/\/$/, '');
  const start = secure ? httpsRequest : httpRequest;
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const target = new URL(`${prefix}${pathname}${search}`, base);
    const body = request.body ? await bytesOf(request) : undefined;
    const again = () => send((settings) => start(target, { ...settings, agent }), request, body, options.timeoutMs);
    try {
      return await again();
    } catch (error) {
      if (error instanceof StaleConnection) return again();
      throw error;
    }
  };
}

/** A kept connection that the server had closed before it read the request (Node's http documentation, `reusedSocket`). */
class StaleConnection extends Error {}

type Start = (settings: { method: string; headers: HeaderValues; signal: AbortSignal }) => ClientRequest;

function send(start: Start, request: Request, body: Uint8Array | undefined, timeoutMs = TIMEOUT_MS): Promise<Response> {
  const headers: HeaderValues = Object.fromEntries(request.headers);
  if (body) headers['content-length'] = String(body.byteLength);
  return new Promise((resolve, reject) => {
    const out = start({ method: request.method, headers, signal: request.signal });
    out.setTimeout(timeoutMs, () => out.destroy(new Error('no answer in time')));
    out.once('response', (incoming: IncomingMessage) => {
      out.setTimeout(0);
      resolve(answer(incoming, request.method));
    });
    out.once('error', (error: NodeJS.ErrnoException) => {
      if (request.signal.aborted) return reject(error);
      const stale = out.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(stale ? new StaleConnection() : unreachable(error, request));
    });
    out.end(body);
  });
}

/** Nobody reads what has no bytes, and a connection is free for others only once its answer was read. RFC 9110, section 6.4.1. */
function answer(incoming: IncomingMessage, method: string): Response {
  const { statusCode: status = 502, headers } = incoming;
  const isEmpty = method === 'HEAD' || status === 204 || status === 304 || headers['content-length'] === '0';
  if (isEmpty) incoming.resume();
  return lightResponse(status, headers as HeaderValues, isEmpty ? undefined : incoming);
}

function unreachable(error: Error, request: Request): Error {
  const failure = serviceUnavailable(`${request.method} ${new URL(request.url).pathname}: ${error.message}`);
  failure.cause = error;
  return failure;
}
