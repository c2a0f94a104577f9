import { promisify } from 'node:util';
import { constants, gzip as gzipCallback } from 'node:zlib';
import { type Content, type HeaderValues, LightResponse } from '../../../lib/runtime/light-response.ts';
import type { Message, Reply } from '../../../lib/runtime/secure-server.ts';
import { sendStream } from './stream.ts';

const gzip = promisify(gzipCallback);

/** kube-apiserver's threshold: what is smaller is not worth the time. */
const MIN_GZIP_BYTES = 128 * 1024;

/** From here on a body is written apart from its head: together, TLS would first copy both into one buffer. */
const MIN_APART_BYTES = 64 * 1024;

/** Writes a Response: bytes in one go, a stream chunk by chunk as fast as the client reads. */
export async function send(message: Message, reply: Reply, response: Response, auditId: string): Promise<void> {
  const { status, headers, content } = parts(response);
  headers['audit-id'] = auditId;
  if (content === undefined || content instanceof Uint8Array) {
    await sendBytes(message, reply, status, headers, content);
    return;
  }
  const plain = reply as import('node:http').ServerResponse;
  plain.writeHead(status, headers);
  await sendStream(reply, content);
}

export interface Parts {
  status: number;
  headers: HeaderValues;
  content: Content;
}

export function parts(response: Response): Parts {
  const light: unknown = response;
  if (light instanceof LightResponse) {
    return { status: light.status, headers: { ...light.headers.values }, content: light.content };
  }
  const headers: HeaderValues = {};
  response.headers.forEach((value, name) => {
    headers[name] = value;
  });
  return { status: response.status, headers, content: response.body ?? undefined };
}

async function sendBytes(
  message: Message,
  reply: Reply,
  status: number,
  headers: HeaderValues,
  bytes: Uint8Array | undefined,
): Promise<void> {
  let body = bytes;
  if (body && body.byteLength >= MIN_GZIP_BYTES && acceptsGzip(message)) {
    body = await compressed(body, headers);
  }
  if (body) headers['content-length'] = String(body.byteLength);
  const plain = reply as import('node:http').ServerResponse;
  plain.writeHead(status, headers);
  if (body && body.byteLength >= MIN_APART_BYTES) plain.flushHeaders();
  if (body && message.method !== 'HEAD') plain.end(body);
  else plain.end();
}

export function compressed(body: Uint8Array, headers: HeaderValues): Promise<Uint8Array> {
  headers['content-encoding'] = 'gzip';
  headers['vary'] = 'Accept-Encoding';
  return gzip(body, { level: constants.Z_BEST_SPEED });
}

function acceptsGzip(message: Message): boolean {
  return String(message.headers['accept-encoding'] ?? '').includes('gzip');
}
