import { type HeaderValues, lightRequest } from '../../../lib/runtime/light-response.ts';
import type { Message, Reply } from '../../../lib/runtime/secure-server.ts';
import { entityTooLarge, MAX_BODY_BYTES } from '../negotiation/read-body.ts';
import { respondError } from '../negotiation/respond.ts';

const NO_BODY = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Requests whose bodies are passed on as they come, however long they are. */
const PROXIED = /^\/api\/v1\/(?:namespaces\/[^/]+\/)?(?:pods|services|nodes)\/[^/]+\/proxy(?:\/|\?|$)/;

/** The request, its body read; or the refusal of a body that is too large. */
export async function toRequest(message: Message, reply: Reply, closing: AbortSignal): Promise<Request | Response> {
  const method = message.method ?? 'GET';
  const path = message.url ?? '/';
  const headers = headersOf(message);
  const url = `https://${headers['host'] ?? 'localhost'}${path}`;
  const signal = () => abortSignal(reply, closing);
  if (NO_BODY.has(method)) return lightRequest({ method, url, headers, signal });
  if (PROXIED.test(path)) return lightRequest({ method, url, headers, signal, content: message });
  const content = await collect(message);
  if (!content) return await respondError(entityTooLarge(), { format: 'json', pretty: false });
  return lightRequest({ method, url, headers, signal, content });
}

/** HTTP/2's pseudo headers say what the request line said. */
function headersOf(message: Message): HeaderValues {
  const { headers } = message;
  if (headers[':method'] === undefined) return headers as HeaderValues;
  return { ...headers, host: headers['host'] ?? headers[':authority'] } as HeaderValues;
}

function abortSignal(reply: Reply, closing: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort();
  // Looked at for the first time when the client had already gone: `close` will not come again.
  if (closing.aborted || reply.destroyed || reply.closed) {
    abort();
    return controller.signal;
  }
  reply.once('close', () => {
    closing.removeEventListener('abort', abort);
    abort();
  });
  closing.addEventListener('abort', abort);
  return controller.signal;
}

const EMPTY = new Uint8Array(0);

/** undefined: it is too large. */
function collect(message: Message): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on('data', (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size > MAX_BODY_BYTES) {
        chunks.length = 0;
        resolve(undefined);
      } else chunks.push(chunk);
    });
    message.on('end', () =>
      resolve(chunks.length === 0 ? EMPTY : chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)),
    );
    message.on('error', reject);
    message.on('aborted', () => reject(new Error('the client went away')));
  });
}
