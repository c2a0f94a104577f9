import { StatusError } from '../../lib/api/status.ts';
import { lightResponse } from '../../lib/runtime/light-response.ts';
import {
  type ClientCredentials,
  HEAD_END,
  MAX_BUFFERED_BYTES,
  type VpcAnswer,
  type VpcFailure,
  type VpcHead,
  type VpcRequest,
} from './message.ts';

/** How the function is called. Rejects when it could not be, or ended without an answer. */
export interface Invoke {
  buffered(payload: string, signal: AbortSignal): Promise<string>;
  /** Absent: this runtime answers at once only. */
  streamed?(payload: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** As `BackendRequest` of the apiserver. */
export interface Asked {
  url: URL;
  method: string;
  headers: Record<string, string>;
  body?: ReadableStream<Uint8Array> | undefined;
  as: 'kubelet-client' | 'none';
  signal: AbortSignal;
}

/** The apiserver's way to nodes and pods: a function inside the VPC. Bodies go whole, of 4 MB at most; so do answers where there are no streams. */
export function vpcBackend(invoke: Invoke, credentials: ClientCredentials): { send(asked: Asked): Promise<Response> } {
  return {
    async send(asked) {
      const url = invoke.streamed ? asked.url : endingUrl(asked.url);
      const request: VpcRequest = { method: asked.method, url: url.toString(), headers: asked.headers };
      if (asked.body) request.body = (await bodyOf(asked.body)).toString('base64');
      if (asked.as === 'kubelet-client') request.tls = credentials;
      const payload = JSON.stringify(request);
      if (invoke.streamed) return streamedAnswer(invoke.streamed(payload, asked.signal));
      const answer: VpcAnswer | VpcFailure = JSON.parse(await invoke.buffered(payload, asked.signal));
      if ('error' in answer) throw new Error(answer.error);
      return lightResponse(answer.status, answer.headers, Buffer.from(answer.body, 'base64'));
    },
  };
}

/** A log that is followed has no end: at once there is what there is. `zeroplane tunnel` follows. */
function endingUrl(url: URL): URL {
  const ending = new URL(url);
  if (url.pathname.startsWith('/containerLogs/')) ending.searchParams.delete('follow');
  return ending;
}

async function bodyOf(body: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BUFFERED_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): StatusError {
  const message = `Request entity too large: limit on the way to nodes and pods is ${MAX_BUFFERED_BYTES}`;
  return new StatusError(413, 'RequestEntityTooLarge', message);
}

const MAX_HEAD_BYTES = 256 * 1024;

async function streamedAnswer(chunks: AsyncIterable<Uint8Array>): Promise<Response> {
  const iterator = chunks[Symbol.asyncIterator]();
  let read: Buffer = Buffer.alloc(0);
  for (let end = -1; ; ) {
    const { done, value } = await iterator.next();
    if (done) throw new Error('the function ended without an answer');
    read = Buffer.concat([read, value]);
    end = read.indexOf(HEAD_END);
    if (end < 0 && read.byteLength < MAX_HEAD_BYTES) continue;
    if (end < 0) throw new Error('the function’s answer has no head');
    const head: VpcHead | VpcFailure = JSON.parse(read.subarray(0, end).toString());
    if ('error' in head) throw new Error(head.error);
    return lightResponse(head.status, head.headers, rest(read.subarray(end + HEAD_END.byteLength), iterator));
  }
}

async function* rest(first: Uint8Array, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  try {
    if (first.byteLength > 0) yield first;
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}
