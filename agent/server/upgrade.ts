import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';

export interface Upgraded {
  socket: Duplex;
  /** Bytes that came with the answer. */
  head: Buffer;
  response: IncomingMessage;
}

/** The runtime's streaming server did not upgrade: its status and words. */
export class UpgradeRefused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'UpgradeRefused';
    this.status = status;
  }
}

const MAX_REFUSAL_BYTES = 64 * 1024;

/** Asks the server at this URL to switch protocols. */
export function upgrade(url: string, method: string, headers: Record<string, string | string[]>): Promise<Upgraded> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers });
    outgoing.once('error', reject);
    outgoing.once('upgrade', (response, socket, head) => {
      // A connection may break before anything is joined to it; whoever is joined hears of its close.
      socket.on('error', () => socket.destroy());
      // Streams talk in small messages and wait for answers: Nagle's algorithm would cost 40 ms each time.
      socket.setNoDelay(true);
      resolve({ socket, head, response });
    });
    outgoing.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        if (text.length < MAX_REFUSAL_BYTES) text += part;
      });
      response.once('end', () => reject(new UpgradeRefused(response.statusCode ?? 500, text.trim())));
    });
    outgoing.end();
  });
}

/** The headers by which the client asked for its protocol; whatever else it sent is not the runtime's to see. */
export function upgradeHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const kept = ['connection', 'upgrade', 'x-stream-protocol-version'];
  const names = Object.keys(headers).filter((name) => kept.includes(name) || name.startsWith('sec-websocket-'));
  return Object.fromEntries(names.map((name) => [name, headers[name] ?? '']));
}

/** Writes a plain HTTP/1.1 answer to a connection whose request asked for an upgrade, and ends it. */
export function refuse(socket: Duplex, status: number, message: string): void {
  const body = Buffer.from(message);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? 'Error'}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}

const STATUS_TEXT: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  500: 'Internal Server Error',
};
