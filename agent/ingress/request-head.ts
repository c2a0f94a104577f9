import type { IncomingMessage } from 'node:http';

/** What the gateway knows of a request beyond its headers. */
export interface Origin {
  /** `shop.example:8080`, as the client wrote it. */
  host: string;
  remoteAddress: string;
  scheme: 'http' | 'https';
}

/** Of one connection (RFC 9110 §7.6.1), or said anew by the gateway: a client could otherwise make itself somebody else. */
const DROPPED = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
  'host',
  'content-length',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-forwarded-scheme',
  'x-real-ip',
]);

/** The headers that go on to the upstream, as name and value in turn. Cookies, which HTTP/2 may split, are one again (RFC 9113 §8.2.3). */
export function forwardedHeaders(request: Pick<IncomingMessage, 'rawHeaders' | 'headers'>, origin: Origin): string[] {
  const { rawHeaders, headers } = request;
  const named = headers.connection === undefined ? undefined : connectionNames(headers.connection);
  const result: string[] = [];
  let cookie: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    const lower = name.toLowerCase();
    if (DROPPED.has(lower) || name.startsWith(':') || named?.has(lower)) continue;
    if (lower === 'cookie') cookie = cookie === undefined ? rawHeaders[i + 1]! : `${cookie}; ${rawHeaders[i + 1]}`;
    else result.push(name, rawHeaders[i + 1]!);
  }
  if (cookie !== undefined) result.push('cookie', cookie);
  return addOrigin(result, origin);
}

function addOrigin(headers: string[], { host, remoteAddress, scheme }: Origin): string[] {
  const port = /:(\d+)$/.exec(host)?.[1] ?? (scheme === 'https' ? '443' : '80');
  headers.push('X-Forwarded-For', remoteAddress, 'X-Real-IP', remoteAddress);
  headers.push('X-Forwarded-Host', host, 'X-Forwarded-Port', port);
  headers.push('X-Forwarded-Proto', scheme, 'X-Forwarded-Scheme', scheme);
  return headers;
}

/** Usually `keep-alive`, which names nothing that is not dropped anyway. */
function connectionNames(value: string): Set<string> | undefined {
  const names = value.toLowerCase().split(',');
  return names.length === 1 && DROPPED.has(names[0]!) ? undefined : new Set(names.map((name) => name.trim()));
}

/** How long the body is: a number, chunked, or none at all. */
export type Framing = number | 'chunked' | 'none';

export function framingOf({ headers, httpVersionMajor, method }: IncomingMessage): Framing {
  if (headers['transfer-encoding'] !== undefined) return 'chunked';
  const length = headers['content-length'];
  if (length !== undefined) return Number(length);
  // HTTP/2 needs no length: its frames end the body.
  return httpVersionMajor === 2 && method !== 'GET' && method !== 'HEAD' ? 'chunked' : 'none';
}

/** The bytes that begin the request (RFC 9112 §3). */
export function headText(
  method: string,
  path: string,
  host: string,
  headers: readonly string[],
  framing: Framing,
): string {
  let text = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n`;
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  if (framing === 'chunked') text += 'Transfer-Encoding: chunked\r\n';
  else if (framing !== 'none') text += `Content-Length: ${framing}\r\n`;
  return `${text}\r\n`;
}
