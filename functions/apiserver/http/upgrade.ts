import type { IncomingMessage } from 'node:http';
import { connect as connectPlain, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { type HeaderValues, lightRequest } from '../../../lib/runtime/light-response.ts';
import type { Apiserver, Connection, UpgradeTarget } from '../contract.ts';
import { requestInfo, targetOf } from '../request-info.ts';
import { isStreamed, isWebSocket, streamOverWebSocket } from './web-socket.ts';

/** PEM: the apiserver's client certificate for agents, and who signs theirs. */
export interface UpgradeCredentials {
  cert: string;
  key: string;
  ca: string;
}

/** exec, attach, port-forward and proxied WebSockets: after the request is admitted, bytes go both ways as they are. */
export async function upgrade(
  apiserver: Apiserver,
  message: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  connection: Connection,
  credentials: UpgradeCredentials,
): Promise<void> {
  socket.on('error', () => socket.destroy());
  const url = `https://${message.headers.host ?? 'localhost'}${message.url ?? '/'}`;
  const left = new AbortController();
  socket.once('close', () => left.abort());
  const request = lightRequest({
    method: message.method ?? 'GET',
    url,
    headers: message.headers as HeaderValues,
    signal: left.signal,
  });
  const info = requestInfo(request.method, targetOf(request.url));
  if (isWebSocket(message) && isStreamed(info)) {
    const response = await apiserver.fetch(request, connection);
    if (response.ok) await streamOverWebSocket(response, info, message, socket, head);
    else socket.end(await refusal(response));
    return;
  }
  const target = await apiserver.connect(request, connection);
  if ('status' in target) {
    socket.end(await refusal(target));
    return;
  }
  const backend = dial(target, credentials);
  backend.on('error', (error) => {
    socket.end(plainRefusal(`error dialing backend: ${error.message}`));
  });
  backend.once(target.url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
    backend.write(requestHead(message, target));
    if (head.byteLength) backend.write(head);
    backend.pipe(socket);
    socket.pipe(backend);
    socket.on('close', () => backend.destroy());
    // What the backend said last may still be on its way.
    backend.on('close', () => socket.end());
  });
  // Streams talk in small messages and wait for answers: Nagle's algorithm would cost 40 ms each time.
  for (const end of [socket, backend]) if (end instanceof Socket) end.setNoDelay(true);
}

function dial({ url, as }: UpgradeTarget, credentials: UpgradeCredentials): Socket {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (url.protocol !== 'https:') return connectPlain({ host, port: Number(url.port || 80) });
  const port = Number(url.port || 443);
  if (as === 'kubelet-client') return connectTls({ ...credentials, host, port, ALPNProtocols: ['http/1.1'] });
  return connectTls({ host, port, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
}

/** The client's request line and headers, to where it goes. Who asks stays here. */
function requestHead(message: IncomingMessage, { url }: UpgradeTarget): string {
  const lines = [`${message.method} ${url.pathname}${url.search} HTTP/1.1`, `Host: ${url.host}`];
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    const name = message.rawHeaders[i]!;
    if (!/^(?:host|authorization)$/i.test(name))
      lines.push(`${name}: ${withoutToken(name, message.rawHeaders[i + 1]!)}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

const TOKEN_PROTOCOL = /(?:^|,\s*)base64url\.bearer\.authorization\.k8s\.io\.[^,]*/g;

/** A browser carries its token as a WebSocket subprotocol. */
function withoutToken(name: string, value: string): string {
  if (!/^sec-websocket-protocol$/i.test(name)) return value;
  return value.replace(TOKEN_PROTOCOL, '').replace(/^,\s*/, '');
}

async function refusal(response: Response): Promise<string> {
  const body = await response.text();
  const type = response.headers.get('content-type') ?? 'application/json';
  return `HTTP/1.1 ${response.status} Refused\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}

function plainRefusal(text: string): string {
  return `HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`;
}
