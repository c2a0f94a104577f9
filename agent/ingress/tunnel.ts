import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { upstreamPath } from './exchange.ts';
import { forwardedHeaders, headText, type Origin } from './request-head.ts';
import { ResponseParser } from './response-parser.ts';
import type { Target } from './table.ts';
import type { Upstream } from './upstream.ts';

const HEAD_END = '\r\n\r\n';
const MAX_HEAD_BYTES = 64 << 10;

/**
 * A request to speak another protocol (WebSocket, RFC 6455): its bytes pass both ways once the upstream has agreed. If it
 * has not, only its answer passes: what a client sent after would otherwise reach the upstream as requests that nobody looked at.
 */
export function tunnel(
  request: IncomingMessage,
  client: Duplex,
  first: Buffer,
  target: Target<Upstream>,
  origin: Origin,
  upstream: Socket,
): void {
  const headers = [...forwardedHeaders(request, origin), 'Connection', 'Upgrade'];
  headers.push('Upgrade', String(request.headers.upgrade));
  const path = upstreamPath(request.url ?? '/', target);
  let received: Buffer = Buffer.alloc(0);
  let agreed = false;
  upstream.on('connect', () => {
    upstream.write(headText('GET', path, origin.host, headers, 'none'), 'latin1');
  });
  upstream.on('error', () => (agreed || received.length > 0 ? client.destroy() : refuse(client)));
  client.on('error', () => upstream.destroy());
  client.on('close', () => upstream.destroy());
  upstream.on('close', () => client.end());
  const onHead = (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    const end = received.indexOf(HEAD_END);
    if (end < 0) return received.length > MAX_HEAD_BYTES ? void upstream.destroy() : undefined;
    upstream.off('data', onHead);
    agreed = /^HTTP\/1\.1 101 /.test(received.toString('latin1', 0, end));
    if (!agreed) return decline(upstream, client, received, end);
    client.write(received);
    upstream.pipe(client);
    if (first.length > 0) upstream.write(first);
    client.pipe(upstream);
    return undefined;
  };
  upstream.on('data', onHead);
}

/** The answer passes with `Connection: close`, and when it is whole both connections end. */
function decline(upstream: Socket, client: Duplex, received: Buffer, headEnd: number): undefined {
  const parser = new ResponseParser();
  const end = () => {
    upstream.destroy();
    client.end();
  };
  parser.expect({ head: () => undefined, data: () => undefined, end }, 'GET');
  const follow = (chunk: Buffer) => {
    try {
      parser.execute(chunk);
    } catch {
      upstream.destroy();
    }
  };
  client.write(closing(received, headEnd));
  follow(received);
  upstream.on('data', (chunk: Buffer) => {
    client.write(chunk);
    follow(chunk);
  });
  return undefined;
}

function closing(received: Buffer, end: number): Buffer {
  const lines = received.toString('latin1', 0, end).split('\r\n');
  const kept = lines.filter((line) => !/^(connection|keep-alive):/i.test(line));
  return Buffer.concat([Buffer.from([...kept, 'Connection: close'].join('\r\n'), 'latin1'), received.subarray(end)]);
}

function refuse(client: Duplex): void {
  client.end('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
}
