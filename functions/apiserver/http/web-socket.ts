import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { chunksOf } from '../../../lib/runtime/light-response.ts';
import type { RequestInfo } from '../contract.ts';

/** Source: k8s.io/apimachinery/pkg/util/httpstream/wsstream/stream.go. Without one the bytes come as they are. */
const BINARY = 'binary.k8s.io';
const BASE64 = 'base64.binary.k8s.io';
/** RFC 6455 section 7.4.1. */
const NORMAL_CLOSURE = 1000;
const INTERNAL_ERROR = 1011;
const NEWLINE = 0x0a;

/** Answers that go on as long as something happens, which browsers follow over a WebSocket: logs and watches. */
export function isStreamed({ verb, subresource }: RequestInfo): boolean {
  return verb === 'watch' || subresource === 'log';
}

export function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/** Sends the body as messages: of a watch an event each, of a log whatever is there. */
export async function streamOverWebSocket(
  response: Response,
  info: RequestInfo,
  message: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const { client, protocol } = await accept(message, socket, head);
  const chunks = chunksOf(response);
  const parts = info.verb === 'watch' ? lines(chunks) : chunks;
  try {
    for await (const part of parts) {
      if (client.readyState !== client.OPEN) break;
      await send(client, part, protocol, info.verb === 'watch');
    }
    client.close(NORMAL_CLOSURE);
  } catch {
    // Whoever answered has gone in the middle: all that can still be said is that this is not the end.
    client.close(INTERNAL_ERROR);
  }
}

function send(client: WebSocket, part: Uint8Array, protocol: string | undefined, text: boolean): Promise<void> {
  const payload = protocol === BASE64 ? Buffer.from(part).toString('base64') : part;
  const binary = protocol !== BASE64 && !text;
  // A client that has gone is seen at the next part.
  return new Promise((resolve) => client.send(payload, { binary }, () => resolve()));
}

function accept(
  message: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<{ client: WebSocket; protocol: string | undefined }> {
  const handleProtocols = (offered: Set<string>) => [BINARY, BASE64].find((known) => offered.has(known)) ?? false;
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, handleProtocols });
  return new Promise((resolve) =>
    server.handleUpgrade(message, socket, head, (client) => {
      client.on('error', () => client.terminate());
      resolve({ client, protocol: client.protocol || undefined });
    }),
  );
}

/** Whole lines without their ends. */
async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let kept: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    kept = Buffer.concat([kept, chunk]);
    for (let end = kept.indexOf(NEWLINE); end >= 0; end = kept.indexOf(NEWLINE)) {
      yield kept.subarray(0, end);
      kept = kept.subarray(end + 1);
    }
  }
}
