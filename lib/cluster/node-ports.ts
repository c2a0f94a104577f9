import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { keyOf, type Stored } from '../api/object.ts';
import type { Service } from '../api/types.ts';
import type { SharedCaches } from '../client/cache.ts';
import { services as serviceType } from '../client/resource-type.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';

const LOOPBACK = '127.0.0.1';
/** A UDP client that is silent this long is forgotten, as conntrack does with streams. */
const UDP_IDLE_MS = 120_000;
const MAX_UDP_CLIENTS = 1_000;

interface Closable {
  close(): void;
}

/** NodePorts at 127.0.0.1 of the machine, forwarded to a node's address. A port that something else has is left to it. */
export function followNodePorts(caches: SharedCaches, nodeIP: string, log: Log, clock: Clock): Closable {
  const open = new Map<string, Closable>();
  const wanted = new Map<string, string[]>();
  const sync = () => {
    const ports = new Set([...wanted.values()].flat());
    for (const [port, forward] of open) if (!ports.has(port)) closeAndForget(open, port, forward);
    for (const port of ports) if (!open.has(port)) open.set(port, forwardPort(port, nodeIP, log, clock));
  };
  const unsubscribe = caches.subscribe(serviceType, (service, previous) => {
    const key = keyOf((service ?? previous)!);
    const ports = service ? nodePortsOf(service) : [];
    if (ports.length > 0) wanted.set(key, ports);
    else wanted.delete(key);
    sync();
  });
  return {
    close() {
      unsubscribe();
      for (const forward of open.values()) forward.close();
    },
  };
}

function closeAndForget(open: Map<string, Closable>, port: string, forward: Closable): void {
  forward.close();
  open.delete(port);
}

/** `TCP/30080` */
function nodePortsOf({ spec }: Stored<Service>): string[] {
  return (spec?.ports ?? []).flatMap(({ nodePort, protocol }) =>
    nodePort ? [`${protocol ?? 'TCP'}/${nodePort}`] : [],
  );
}

function forwardPort(name: string, nodeIP: string, log: Log, clock: Clock): Closable {
  const [protocol, text] = name.split('/');
  const port = Number(text);
  const failed = (error: Error) =>
    log('a NodePort does not answer at 127.0.0.1', { port, protocol, why: error.message });
  if (protocol === 'UDP') return forwardUdp(port, nodeIP, failed, clock);
  return protocol === 'TCP' ? forwardTcp(port, nodeIP, failed) : { close() {} };
}

function forwardTcp(port: number, nodeIP: string, failed: (error: Error) => void): Closable {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (client) => {
    const backend = connect({ host: nodeIP, port, allowHalfOpen: true });
    for (const [from, to] of [
      [client, backend],
      [backend, client],
    ] as const) {
      sockets.add(from);
      from.once('close', () => sockets.delete(from));
      from.once('error', () => to.destroy());
      from.pipe(to);
    }
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

/** A socket of its own towards the node for each client, so that answers find back. */
function forwardUdp(port: number, nodeIP: string, failed: (error: Error) => void, clock: Clock): Closable {
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
    if (!known && clients.size >= MAX_UDP_CLIENTS) return;
    const client = known ?? open(key, from);
    client.idle.cancel();
    client.idle = clock.schedule(UDP_IDLE_MS, () => end(key));
    clients.set(key, client);
    client.socket.send(message, port, nodeIP);
  });
  server.bind(port, LOOPBACK);
  return {
    close() {
      server.close();
      for (const key of [...clients.keys()]) end(key);
    },
  };
}
