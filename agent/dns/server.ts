import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server, type Socket as TcpSocket } from 'node:net';
import type { Log } from '../context.ts';
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
export async function serveDns(
  resolver: Resolver,
  addresses: readonly string[],
  port: number,
  log: Log,
): Promise<DnsServer> {
  const answer = (message: Buffer, overTcp: boolean) =>
    // One question that cannot be served must not end the others.
    resolver.resolve(message, overTcp).catch((error) => {
      log('a DNS question failed', { error });
      return undefined;
    });
  const closers: (() => Promise<void>)[] = [];
  let chosen = port;
  for (const address of addresses) {
    const udp = await listenUdp(answer, address, chosen, log);
    chosen = udp.address().port;
    const tcp = await listenTcp(answer, address, chosen, log);
    closers.push(
      () => new Promise((resolve) => udp.close(() => resolve())),
      () => new Promise((resolve) => tcp.close(() => resolve())),
    );
  }
  return { port: chosen, close: async () => void (await Promise.all(closers.map((close) => close()))) };
}

type Answer = (message: Buffer, overTcp: boolean) => Promise<Buffer | undefined>;

function listenUdp(answer: Answer, address: string, port: number, log: Log): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', async (message, from) => {
    const bytes = await answer(message, false);
    // A client that is gone is no failure of ours.
    if (bytes) socket.send(bytes, from.port, from.address, () => undefined);
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.on('error', (error) => log('the DNS socket failed', { address, error }));
    socket.bind(port, address, () => resolve(socket));
  });
}

function listenTcp(answer: Answer, address: string, port: number, log: Log): Promise<Server> {
  const server = createServer((socket) => converse(answer, socket));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.on('error', (error) => log('the DNS server failed', { address, error }));
    server.listen(port, address, () => resolve(server));
  });
}

function converse(answer: Answer, socket: TcpSocket): void {
  let received: Buffer = Buffer.alloc(0);
  socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', async (data) => {
    received = Buffer.concat([received, data]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0);
      const message = received.subarray(2, end);
      received = received.subarray(end);
      const bytes = await answer(message, true);
      if (bytes) socket.write(withLength(bytes));
    }
  });
}
