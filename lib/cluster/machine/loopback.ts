import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Clock, Timer } from '../../runtime/clock.ts';

const LOOPBACK = '127.0.0.1';
/** A UDP client that is silent this long is forgotten, as conntrack does with streams. */
const UDP_IDLE_MS = 120_000;
const MAX_UDP_CLIENTS = 1_000;

export interface Closable {
  close(): void;
}

/** Where a connection that comes in goes to; undefined: nowhere, now. */
export type Target = () => { host: string; port: number } | undefined;

/** Connections to a port of 127.0.0.1, passed on to where `target` says at that moment. */
export function forwardTcp(port: number, target: Target, failed: (error: Error) => void): Closable {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const to = target();
    if (!to) return client.resetAndDestroy();
    const backend = connect({ ...to, allowHalfOpen: true, noDelay: true });
    for (const [from, other] of [
      [client, backend],
      [backend, client],
    ] as const) {
      sockets.add(from);
      from.once('close', () => sockets.delete(from));
      from.once('error', () => other.destroy());
      from.pipe(other);
    }
    return undefined;
  });
  server.once('error', failed);
  server.listen(port, LOOPBACK);
  return {
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

interface UdpClient {
  socket: UdpSocket;
  idle: Timer;
}

/** A socket of its own towards the target for each client, so that answers find back. */
export function forwardUdp(port: number, target: Target, failed: (error: Error) => void, clock: Clock): Closable {
  const clients = new Map<string, UdpClient>();
  const server = createSocket('udp4');
  const end = (key: string) => {
    clients.get(key)?.idle.cancel();
    clients.get(key)?.socket.close();
    clients.delete(key);
  };
  const open = (key: string, from: { address: string; port: number }): UdpClient => {
    const socket = createSocket('udp4');
    socket.on('message', (message) => server.send(message, from.port, from.address));
    socket.on('error', () => end(key));
    return { socket, idle: clock.schedule(UDP_IDLE_MS, () => end(key)) };
  };
  server.on('error', failed);
  server.on('message', (message, from) => {
    const key = `${from.address}:${from.port}`;
    const known = clients.get(key);
    const to = target();
    if (!to || (!known && clients.size >= MAX_UDP_CLIENTS)) return;
    const client = known ?? open(key, from);
    client.idle.cancel();
    client.idle = clock.schedule(UDP_IDLE_MS, () => end(key));
    clients.set(key, client);
    client.socket.send(message, to.port, to.host);
  });
  server.bind(port, LOOPBACK);
  return {
    close() {
      server.close();
      for (const key of [...clients.keys()]) end(key);
    },
  };
}
