import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { StatusError } from '../../api/status.ts';
import { drained } from '../../runtime/drained.ts';
import type { HeaderValues } from '../../runtime/light-response.ts';
import { endToEnd } from '../headers.ts';
import { statusResponse } from '../server.ts';
import { isStream, proxyTarget } from '../target.ts';
import { isSession, openSession, type Session, type SessionContext } from './session.ts';

/** Waiting input beyond this stops the reading from the client. */
const MAX_PENDING_BYTES = 1024 * 1024;

/** exec, attach and port-forward: the client's connection is cut into messages, and lives on at the node's agent. */
export async function upgradeToSession(
  context: SessionContext,
  message: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const left = new AbortController();
  socket.on('error', () => socket.destroy());
  socket.once('close', () => left.abort());
  const opened = await open(context, message, left.signal).catch(refusalOf);
  if (!isSession(opened)) {
    socket.end(await rawResponse(opened));
    return;
  }
  if (head.byteLength > 0) socket.unshift(head);
  const ended = Promise.all([sendAll(opened, socket), receiveAll(opened, socket)]);
  // A session that is lost ends the connection; a client that left ends the session.
  await ended.catch(() => undefined);
  socket.destroy();
  await opened.close().catch(() => undefined);
}

async function open(
  context: SessionContext,
  message: IncomingMessage,
  signal: AbortSignal,
): Promise<Session | Response> {
  const url = `https://apiserver${message.url ?? '/'}`;
  if (!isStream(proxyTarget(url))) throw notUpgraded();
  const headers = endToEnd(new Headers(headersOf(message)));
  const wanted = Object.fromEntries(headersOf(message).filter(([name]) => UPGRADE_HEADER.test(name)));
  for (const name of Object.keys(headers)) if (UPGRADE_HEADER.test(name)) delete headers[name];
  delete headers['content-length'];
  const upgrade = { method: message.method ?? 'GET', headers: wanted };
  return openSession(context, { method: 'POST', url, headers }, upgrade, signal);
}

/** What asks for a protocol is the agent's to answer; gateways drop it from the requests that they pass on. */
const UPGRADE_HEADER = /^(?:connection|upgrade|x-stream-protocol-version|sec-websocket-.*)$/;

function headersOf({ headers }: IncomingMessage): [string, string][] {
  return Object.entries(headers as HeaderValues).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, [value].flat().join(', ')] as [string, string]],
  );
}

function notUpgraded(): StatusError {
  return new StatusError(501, '', 'only exec, attach and port-forward are upgraded here');
}

function refusalOf(error: unknown): Response {
  return statusResponse(error instanceof StatusError ? error : new StatusError(502, '', String(error)));
}

async function rawResponse(response: Response): Promise<string> {
  const body = await response.text();
  const type = response.headers.get('content-type') ?? 'application/json';
  return `HTTP/1.1 ${response.status} Refused\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}

/** One message at a time; what comes meanwhile goes together in the next. */
async function sendAll(session: Session, socket: Duplex): Promise<void> {
  const pending: Buffer[] = [];
  let bytes = 0;
  let ended = false;
  let wake: () => void = () => undefined;
  socket.on('data', (chunk: Buffer) => {
    pending.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > MAX_PENDING_BYTES) socket.pause();
    wake();
  });
  const end = () => {
    ended = true;
    wake();
  };
  socket.once('end', end);
  socket.once('close', end);
  for (;;) {
    if (pending.length > 0) {
      const content = Buffer.concat(pending.splice(0));
      bytes = 0;
      socket.resume();
      await session.send(content, false);
    } else if (ended) break;
    else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  if (!socket.destroyed) await session.send(new Uint8Array(0), true);
}

async function receiveAll(session: Session, socket: Duplex): Promise<void> {
  for await (const bytes of session.received()) {
    if (socket.destroyed) return;
    if (!socket.write(bytes)) await drained(socket);
  }
  socket.end();
}
