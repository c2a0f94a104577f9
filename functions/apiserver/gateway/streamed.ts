import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { type Clock, delay } from '../../../lib/runtime/clock.ts';
import type { HeaderValues } from '../../../lib/runtime/light-response.ts';
import { compressed, parts } from '../http/response.ts';
import { MIN_GZIP_BYTES, multiValueHeaders } from './buffered.ts';
import type { GatewayRequest } from './request.ts';

/** API Gateway cuts a stream that says nothing for five minutes. Source: "Stream the integration response", idle timeouts. */
const KEEP_ALIVE_MS = 60_000;
/** Between the documents of a JSON stream white space means nothing. */
const JSON_KEEP_ALIVE = Buffer.from('\n');
const NOTHING = Buffer.alloc(0);

export interface StreamHead {
  statusCode: number;
  multiValueHeaders: Record<string, string[]>;
}

export interface Streaming {
  clock: Clock;
  /** Begins the answer: awslambda.HttpResponseStream.from. */
  open(head: StreamHead): Writable;
  /** The client has gone: ends what is followed. */
  end(): void;
}

/** The answer chunk by chunk, as fast as the client reads. */
export async function streamResult(response: Response, asked: GatewayRequest, streaming: Streaming): Promise<void> {
  const { status, headers, content } = parts(response);
  headers['audit-id'] = asked.auditId;
  if (content === undefined || content instanceof Uint8Array)
    return sendBytes(status, headers, content, asked, streaming);
  const out = open(status, headers, streaming);
  // The client learns that its watch has begun before there is anything to tell.
  out.write(NOTHING);
  const stop = asked.follows && isJson(headers) ? keepAlive(out, streaming.clock) : () => undefined;
  try {
    await sendChunks(out, content);
  } finally {
    stop();
    await ended(out);
  }
}

function open(statusCode: number, headers: HeaderValues, { open, end }: Streaming): Writable {
  const out = open({ statusCode, multiValueHeaders: multiValueHeaders(headers) });
  out.on('error', end);
  out.on('close', end);
  return out;
}

async function sendBytes(
  status: number,
  headers: HeaderValues,
  bytes: Uint8Array | undefined,
  { acceptsGzip, request }: GatewayRequest,
  streaming: Streaming,
): Promise<void> {
  let body = bytes;
  if (body && body.byteLength >= MIN_GZIP_BYTES && acceptsGzip && !headers['content-encoding']) {
    delete headers['content-length'];
    body = await compressed(body, headers);
  }
  const out = open(status, headers, streaming);
  out.write(request.method === 'HEAD' ? NOTHING : (body ?? NOTHING));
  await ended(out);
}

async function sendChunks(out: Writable, content: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of content) {
    if (out.destroyed) return;
    if (chunk.byteLength > 0 && !out.write(chunk)) await Promise.race([once(out, 'drain'), once(out, 'close')]);
  }
}

function ended(out: Writable): Promise<void> {
  if (out.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    out.once('close', resolve);
    out.end(() => resolve());
  });
}

function isJson(headers: HeaderValues): boolean {
  return String(headers['content-type']).startsWith('application/json');
}

function keepAlive(out: Writable, clock: Clock): () => void {
  const stopped = new AbortController();
  const run = async () => {
    for (;;) {
      await delay(clock, KEEP_ALIVE_MS, stopped.signal);
      if (stopped.signal.aborted || out.destroyed) return;
      out.write(JSON_KEEP_ALIVE);
    }
  };
  void run();
  return () => stopped.abort();
}
