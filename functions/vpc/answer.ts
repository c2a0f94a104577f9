import type { Writable } from 'node:stream';
import { drained } from '../../lib/runtime/drained.ts';
import { HEAD_END, MAX_BUFFERED_BYTES, type VpcAnswer, type VpcFailure, type VpcRequest } from './message.ts';
import type { Received, Send } from './send.ts';

/** The whole answer at once. */
export async function buffered(send: Send, asked: VpcRequest): Promise<VpcAnswer | VpcFailure> {
  const left = new AbortController();
  try {
    const { status, headers, content } = await send(asked, left.signal);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of content as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      if (bytes > MAX_BUFFERED_BYTES) return tooLarge();
      chunks.push(chunk);
    }
    return { status, headers, body: Buffer.concat(chunks).toString('base64') };
  } catch (error) {
    return failure(error);
  } finally {
    left.abort();
  }
}

/** Head, eight zero bytes, and the body as it comes. */
export async function streamed(send: Send, asked: VpcRequest, out: Writable): Promise<void> {
  const left = new AbortController();
  out.once('close', () => left.abort());
  const received = await send(asked, left.signal).catch(failure);
  if ('error' in received) {
    out.end(Buffer.concat([Buffer.from(JSON.stringify(received)), HEAD_END]));
    return;
  }
  await write(received, out);
}

async function write({ status, headers, content }: Received, out: Writable): Promise<void> {
  out.write(Buffer.concat([Buffer.from(JSON.stringify({ status, headers })), HEAD_END]));
  for await (const chunk of content as AsyncIterable<Buffer>) if (!out.write(chunk)) await drained(out);
  out.end();
}

function tooLarge(): VpcFailure {
  return { error: `the answer is larger than ${MAX_BUFFERED_BYTES} bytes, which is what can be passed on at once` };
}

function failure(error: unknown): VpcFailure {
  return { error: error instanceof Error ? error.message : String(error) };
}
