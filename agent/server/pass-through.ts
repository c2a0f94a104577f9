import type { IncomingMessage } from 'node:http';
import { type Duplex, pipeline } from 'node:stream';
import { upgrade, upgradeHeaders } from './upgrade.ts';

/** Joins the client to the runtime's streaming server byte for byte: SPDY, and the WebSocket protocols that the runtime speaks itself. */
export async function passThrough(url: string, request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
  const {
    socket,
    head: first,
    response,
  } = await upgrade(url, request.method ?? 'GET', upgradeHeaders(request.headers));
  const lines = [`HTTP/1.1 ${response.statusCode} ${response.statusMessage}`];
  for (let i = 0; i < response.rawHeaders.length; i += 2)
    lines.push(`${response.rawHeaders[i]}: ${response.rawHeaders[i + 1]}`);
  client.write(`${lines.join('\r\n')}\r\n\r\n`);
  client.write(first);
  socket.write(head);
  join(client, socket);
}

/** Both ways until both have ended; an end is passed on, a failure ends both. */
export function join(a: Duplex, b: Duplex): void {
  const either = (error: unknown) => {
    if (!error) return;
    a.destroy();
    b.destroy();
  };
  pipeline(a, b, either);
  pipeline(b, a, either);
}
