import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server, type Socket as TcpSocket } from 'node:net';
import type { Resolver } from './resolver.ts';
import { withLength } from './upstream.ts';

export interface DnsServer {
  /** The port, which is chosen by the system when 0 was asked for. */
  readonly port: number;
  close(): Promise<void>;
}

/** RFC 7766 §6.2.3: idle connections are closed. */
const TCP_IDLE_MS = 10_000;

/** UDP and TCP at each address. One socket an address, so that answers leave from where the question came to. */
export async function serveDns(resolver: Resolver, addresses: readonly string[], port: number): Promise<DnsServer> {
  const closers: (() => Promise<void>)[] = [];
  let chosen = port;
  for (const address of addresses) {
    const udp = await listenUdp(resolver, address, chosen);
    chosen = udp.address().port;
    const tcp = await listenTcp(resolver, address, chosen);
    closers.push(
      () => new Promise((resolve) => udp.close(() => resolve())),
      () => new Promise((resolve) => tcp.close(() => resolve())),
    );
  }
  return { port: chosen, close: async () => void (await Promise.all(closers.map((close) => close()))) };
}

function listenUdp(resolver: Resolver, address: string, port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', async (message, from) => {
    const answer = await resolver.resolve(message, false);
    // A client that is gone is no failure of ours.
    if (answer) socket.send(answer, from.port, from.address, () => undefined);
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, address, () => resolve(socket));
  });
}

function listenTcp(resolver: Resolver, address: string, port: number): Promise<Server> {
  const server = createServer((socket) => converse(resolver, socket));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => resolve(server));
  });
}

function converse(resolver: Resolver, socket: TcpSocket): void {
  let received: Buffer = Buffer.alloc(0);
  socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', async (data) => {
    received = Buffer.concat([received, data]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0);
      const message = received.subarray(2, end);
      received = received.subarray(end);
      const answer = await resolver.resolve(message, true);
      if (answer) socket.write(withLength(answer));
    }
  });
}
