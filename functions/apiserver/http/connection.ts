import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { Connection } from '../contract.ts';

/** A connection's facts do not change, so they are read off its socket once. */
const known = new WeakMap<object, Connection>();

export function connectionOf(message: IncomingMessage | Http2ServerRequest): Connection {
  const socket = socketOf(message);
  let connection = known.get(socket);
  if (!connection) {
    connection = read(socket);
    known.set(socket, connection);
  }
  return connection;
}

/** An HTTP/2 request's socket is a proxy that is made anew each time; its session's is not. */
function socketOf(message: IncomingMessage | Http2ServerRequest): TLSSocket {
  const session = 'stream' in message ? message.stream.session : undefined;
  return (session?.socket ?? message.socket) as TLSSocket;
}

function read(socket: TLSSocket): Connection {
  const connection: Connection = socket.remoteAddress ? { remoteAddress: socket.remoteAddress } : {};
  const { subject, fingerprint256 } = socket.getPeerCertificate() ?? {};
  if (!subject) return connection;
  if (!socket.authorized) return { ...connection, refusedCertificate: true };
  if (!subject.CN) return connection;
  const organizations: unknown = subject.O ?? [];
  connection.clientCertificate = {
    commonName: [subject.CN].flat()[0]!,
    organizations: [organizations].flat() as string[],
    sha256: fingerprint256.replaceAll(':', '').toLowerCase(),
  };
  return connection;
}
