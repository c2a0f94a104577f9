import { type Clock, delay } from '../../../lib/runtime/clock.ts';
import type { Random } from '../../../lib/runtime/random.ts';
import { createHttpsServer, type Message, type Reply } from '../../../lib/runtime/secure-server.ts';
import type { Apiserver, Connection } from '../contract.ts';
import { connectionOf } from './connection.ts';
import { toRequest } from './request.ts';
import { send } from './response.ts';
import { type UpgradeCredentials, upgrade } from './upgrade.ts';

export interface HttpServerOptions {
  apiserver: Apiserver;
  /** PEM: the serving certificate and key. */
  cert: string;
  key: string;
  /** PEM: who signs client certificates. */
  clientCa: string;
  /** Shown to agents on upgraded connections. */
  upgradeCredentials: UpgradeCredentials;
  clock: Clock;
  random: Random;
}

export interface HttpServer {
  /** Resolves with the port, which is chosen when 0 is asked for. */
  listen(port: number, host: string): Promise<number>;
  /** Lets requests that are under way end, watches at once. */
  close(): Promise<void>;
}

/** Watches are ended and what is left is cut off after this. */
const GRACE_MS = 5_000;

/** A client certificate is asked for and may be absent. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const underWay = new Set<Promise<void>>();
  const closing = new AbortController();
  const { cert, key, clientCa: ca } = options;
  const server = createHttpsServer(
    { cert, key, ca, requestCert: true, rejectUnauthorized: false },
    {
      request(message, reply) {
        const served: Promise<void> = serve(options, message, reply, closing.signal).finally(() =>
          underWay.delete(served),
        );
        underWay.add(served);
      },
      upgrade: (message, socket, head) =>
        upgrade(options.apiserver, message, socket, head, connectionOf(message), options.upgradeCredentials),
    },
  );
  return {
    listen: server.listen,
    async close() {
      closing.abort();
      const cut = new AbortController();
      const closed = server.close(cut.signal);
      await Promise.race([Promise.all(underWay), delay(options.clock, GRACE_MS)]);
      // What is left is idle, upgraded, or took too long.
      cut.abort();
      await closed;
    },
  };
}

async function serve(
  { apiserver, random }: HttpServerOptions,
  message: Message,
  reply: Reply,
  closing: AbortSignal,
): Promise<void> {
  const connection: Connection = connectionOf(message);
  const auditId = headerOf(message, 'audit-id') ?? random.uuid();
  try {
    const request = await toRequest(message, reply, closing);
    const response = 'status' in request ? request : await apiserver.fetch(request, connection);
    await send(message, reply, response, auditId);
  } catch {
    // Only a broken connection gets here: the apiserver answers its own failures.
    reply.destroy();
  }
}

function headerOf(message: Message, name: string): string | undefined {
  const value = message.headers[name];
  return typeof value === 'string' ? value : undefined;
}
