import type { IncomingMessage } from 'node:http';
import {
  END_HEADER,
  MAX_SESSION_MESSAGE_BYTES,
  OFFSET_HEADER,
  OWNER_HEADER,
  type SessionOpened,
  type SessionRequest,
  SUBJECT_HEADER,
  WAIT_HEADER,
} from '../../../lib/api/extensions.ts';
import { drained } from '../../../lib/runtime/drained.ts';
import { openLog } from '../container-logs.ts';
import { failureOf } from '../failure.ts';
import { HttpError } from '../http-error.ts';
import { readLog } from '../logs/read.ts';
import type { Call } from '../routes.ts';
import type { ServerContext } from '../server.ts';
import { connect } from '../streaming.ts';
import { refuse } from '../upgrade.ts';
import type { SessionKey } from './sessions.ts';
import type { VirtualSocket } from './virtual-socket.ts';

/**
 * POST /session/open/ACTION/NAMESPACE/POD[/CONTAINER]?… and /session/{send,receive,close}/ID: connections over requests and answers, for
 * clients behind gateways that pass on nothing else. Only the apiserver gets here, which says whose session it is.
 */
export async function session(call: Call): Promise<void> {
  const [verb = '', id = ''] = call.path;
  const handler = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (!handler) throw new HttpError(404, '404 page not found\n');
  await handler(call, id, keyOf(call.request));
}

const VERBS: Readonly<Record<string, (call: Call, id: string, key: SessionKey) => Promise<void>>> = {
  async open(call, _, key) {
    const { context, response } = call;
    const begin = call.path[1] === 'containerLogs' ? await logOf(call) : upgradeOf(call, await bodyOf(call.request));
    const { id, socket } = context.sessions.open(key);
    begin(socket);
    const opened: SessionOpened = { node: context.nodeName, id };
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(opened));
  },
  async send({ context, request, response }, id, key) {
    const body = await bodyOf(request);
    context.sessions.send(id, key, number(request, OFFSET_HEADER), body, request.headers[END_HEADER] === 'true');
    response.writeHead(204).end();
  },
  async receive({ context, request, response }, id, key) {
    const offset = number(request, OFFSET_HEADER);
    const waitMs = 1_000 * number(request, WAIT_HEADER);
    const { bytes, end } = await context.sessions.receive(id, key, offset, MAX_SESSION_MESSAGE_BYTES, waitMs);
    response.writeHead(200, { 'content-type': 'application/octet-stream', [END_HEADER]: String(end) }).end(bytes);
  },
  async close({ context, response }, id, key) {
    context.sessions.close(id, key);
    response.writeHead(204).end();
  },
};

function keyOf({ headers }: IncomingMessage): SessionKey {
  const owner = headers[OWNER_HEADER];
  const subject = headers[SUBJECT_HEADER];
  if (typeof owner === 'string' && typeof subject === 'string' && owner && subject) return { owner, subject };
  throw new HttpError(400, 'a session has an owner and a subject');
}

function number({ headers }: IncomingMessage, name: string): number {
  const text = headers[name] ?? '0';
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text);
  throw new HttpError(400, `${name} is no number`);
}

/** Serves the upgrade that the client asked for, over the session instead of its own connection. */
function upgradeOf({ context, url, path }: Call, body: Buffer): (socket: VirtualSocket) => void {
  const { method, headers } = requestOf(body);
  const target = `/${path.slice(1).map(encodeURIComponent).join('/')}${url.search}`;
  const request = { method, headers, url: target } as unknown as IncomingMessage;
  return (socket) => void serve(context, request, socket);
}

async function serve(context: ServerContext, request: IncomingMessage, socket: VirtualSocket): Promise<void> {
  try {
    await connect(context, request, socket, Buffer.alloc(0));
  } catch (error) {
    const { status, message } = failureOf(context, error, request);
    refuse(socket, status, message);
  }
}

function requestOf(body: Buffer): SessionRequest {
  try {
    const { method, headers } = JSON.parse(body.toString()) as SessionRequest;
    if (typeof method === 'string' && headers && typeof headers === 'object') return { method, headers };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new HttpError(400, 'a session begins with the upgrade that is asked for');
}

/** Reads a log on into the session, which holds it up when nobody fetches it. */
async function logOf({ context, url, path }: Call): Promise<(socket: VirtualSocket) => void> {
  const { source, options } = await openLog(context, path.slice(2), url.searchParams);
  return (socket) => {
    const left = new AbortController();
    socket.once('close', () => left.abort());
    const pump = async () => {
      for await (const piece of readLog(source, options, context.clock, left.signal)) {
        if (!socket.write(piece)) await drained(socket);
      }
      socket.end();
    };
    pump().catch((error) => {
      context.log('a log cannot be followed', { path: source.path, error });
      socket.destroy();
    });
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_SESSION_MESSAGE_BYTES) throw new HttpError(413, 'the message is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
