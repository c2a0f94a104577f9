import { createWebSocketStream, type WebSocket } from 'ws';
import { join } from './pass-through.ts';
import { upgrade } from './upgrade.ts';

/** kubectl's port-forward: SPDY carried in a WebSocket's binary messages. Source: KEP-4006, client-go tools/portforward. */
export const TUNNEL_PROTOCOL = 'SPDY/3.1+portforward.k8s.io';
const PORT_FORWARD_PROTOCOL = 'portforward.k8s.io';

/** Unpacks the messages into the runtime's own SPDY connection. */
export async function tunnel(url: string, accept: () => Promise<WebSocket>): Promise<void> {
  const headers = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': PORT_FORWARD_PROTOCOL };
  const { socket, head } = await upgrade(url, 'POST', headers);
  const client = createWebSocketStream(await accept());
  if (head.length > 0) client.write(head);
  join(client, socket);
}
