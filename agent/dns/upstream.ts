import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Clock } from '../../lib/runtime/clock.ts';
import { parse } from './wire.ts';

/** Where questions about the rest of the world go. */
export interface Upstream {
  /** The answer's bytes with the question's id, or undefined when no server gave one. */
  ask(query: Buffer, overTcp: boolean): Promise<Buffer | undefined>;
}

const PORT = 53;
const TIMEOUT_MS = 2_000;

/** Each question to the servers that its name has now. */
export function routedUpstream(serversOf: (name: string) => readonly string[], clock: Clock): Upstream {
  return {
    ask(query, overTcp) {
      const name = parse(query)?.questions?.[0]?.name.toLowerCase().replace(/\.$/, '') ?? '';
      return upstream(serversOf(name), clock).ask(query, overTcp);
    },
  };
}

/** Asks the servers in order until one answers. Every question leaves from a port of its own, which makes forging hard (RFC 5452). */
export function upstream(servers: readonly string[], clock: Clock): Upstream {
  return {
    async ask(query, overTcp) {
      for (const server of servers) {
        const answer = await (overTcp ? askTcp : askUdp)(server, query, clock);
        if (answer) return answer;
      }
      return undefined;
    },
  };
}

/** `address` or `address:port`. */
function endpoint(server: string): { host: string; port: number } {
  const [host = '', port] = server.split(':');
  return { host, port: port ? Number(port) : PORT };
}

function askUdp(server: string, query: Buffer, clock: Clock): Promise<Buffer | undefined> {
  const { host, port } = endpoint(server);
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    let ended = false;
    const end = (answer?: Buffer) => {
      if (ended) return;
      ended = true;
      timer.cancel();
      socket.close();
      resolve(answer);
    };
    const timer = clock.schedule(TIMEOUT_MS, () => end());
    socket.on('error', () => end());
    socket.on('message', (answer) => {
      if (answer.length >= 2 && answer.readUInt16BE(0) === query.readUInt16BE(0)) end(answer);
    });
    socket.connect(port, host, () => socket.send(query));
  });
}

function askTcp(server: string, query: Buffer, clock: Clock): Promise<Buffer | undefined> {
  const { host, port } = endpoint(server);
  return new Promise((resolve) => {
    const socket = connect(port, host);
    let received = Buffer.alloc(0);
    const end = (answer?: Buffer) => {
      timer.cancel();
      socket.destroy();
      resolve(answer);
    };
    const timer = clock.schedule(TIMEOUT_MS, () => end());
    socket.on('error', () => end()).once('end', () => end());
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0))
        end(received.subarray(2, 2 + received.readUInt16BE(0)));
    });
    socket.write(withLength(query));
  });
}

/** RFC 1035 §4.2.2: over TCP two bytes of length come first. */
export function withLength(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}
