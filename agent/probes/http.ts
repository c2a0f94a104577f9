import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Container, HTTPGetAction } from '../../lib/api/types.ts';

export interface HttpAnswer {
  status: number;
  body: string;
  location?: string | undefined;
}

/** What is kept of an answer. Source: pkg/probe/http maxRespBodyLength. */
const MAX_BODY_BYTES = 10 * 1024;

/** A port may be named after one of the container's. Source: pkg/probe/util.go ResolveContainerPort. */
export function resolvePort(port: number | string, container: Pick<Container, 'ports'>): number {
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  const resolved = named ?? Number(port);
  if (Number.isInteger(resolved) && resolved > 0 && resolved < 65536) return resolved;
  throw new Error(`invalid port number: ${port}`);
}

/** Source: pkg/probe/http/request.go NewRequestForHTTPGetAction. */
export function httpGetUrl(action: HTTPGetAction, container: Pick<Container, 'ports'>, podIP: string): URL {
  const host = action.host || podIP;
  const port = resolvePort(action.port, container);
  const path = action.path ?? '/';
  const base = `${(action.scheme ?? 'HTTP').toLowerCase()}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new URL(path.startsWith('/') ? path : `/${path}`, base);
}

export interface GetOptions {
  headers?: readonly { name: string; value: string }[] | undefined;
  userAgent: string;
  timeoutMs: number;
}

/** One request on a connection of its own; certificates are not verified. */
export function get(url: URL, options: GetOptions): Promise<HttpAnswer> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(options.timeoutMs);
    const request = send(
      url,
      { headers: headersOf(options), agent: false, rejectUnauthorized: false, signal },
      (answer) => {
        const chunks: Buffer[] = [];
        let length = 0;
        answer.on('data', (chunk: Buffer) => {
          if (length < MAX_BODY_BYTES) chunks.push(chunk);
          length += chunk.length;
        });
        answer.once('end', () => {
          const body = Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString('utf8');
          resolve({ status: answer.statusCode ?? 0, body, location: answer.headers.location });
        });
        answer.once('error', reject);
      },
    );
    request.once('error', (error) => reject(signal.aborted ? timedOut(url) : error));
    request.end();
  });
}

function headersOf({ headers = [], userAgent }: GetOptions): Record<string, string | string[]> {
  const all: Record<string, string | string[]> = { 'user-agent': userAgent, accept: '*/*', connection: 'close' };
  for (const { name, value } of headers) {
    const key = name.toLowerCase();
    const before = headers.filter((other) => other.name.toLowerCase() === key);
    all[key] = before.length > 1 ? before.map((other) => other.value) : value;
  }
  return all;
}

/** Go's words for it. */
function timedOut(url: URL): Error {
  return new Error(`Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`);
}

/** In Go's words, as people search for them. */
export function explain(url: URL, error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNREFUSED') return `Get "${url}": dial tcp ${url.host}: connect: connection refused`;
  if (error.code === 'ECONNRESET') return `Get "${url}": read: connection reset by peer`;
  if (error.code === 'EHOSTUNREACH') return `Get "${url}": dial tcp ${url.host}: connect: no route to host`;
  return error.message.startsWith('Get ') ? error.message : `Get "${url}": ${error.message}`;
}
