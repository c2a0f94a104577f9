import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Reply } from '../../../lib/runtime/secure-server.ts';

/** Writes chunks as they come and as fast as the client reads; ends early when the client has gone. */
export async function sendStream(reply: Reply, content: AsyncIterable<Uint8Array>): Promise<void> {
  // The client learns that its watch has begun before there is anything to tell.
  (reply as ServerResponse).flushHeaders();
  const target = targetOf(reply);
  for await (const chunk of content) {
    if (reply.destroyed || reply.writableEnded) return;
    if (chunk.byteLength > 0 && !target.write(chunk))
      await Promise.race([once(target.emitter, 'drain'), once(reply, 'close')]);
  }
  reply.end();
}

interface Target {
  /** false: wait for `drain`. */
  write(chunk: Uint8Array): boolean;
  emitter: NodeJS.EventEmitter;
}

/**
 * Over HTTP/1.1 chunks go to the socket in one write each, and those of one event are the same buffer for all its watchers:
 * node:http would write three pieces, which TLS copies together for every watcher anew.
 */
function targetOf(reply: Reply): Target {
  const plain = reply as ServerResponse;
  const { socket } = plain;
  if (!socket || !plain.chunkedEncoding) return { write: (chunk) => plain.write(chunk), emitter: plain };
  return { write: (chunk) => socket.write(chunkOf(chunk)), emitter: socket };
}

const chunks = new WeakMap<Uint8Array, Buffer>();
const LINE_END = Buffer.from('\r\n');

/** RFC 9112, section 7.1. */
function chunkOf(bytes: Uint8Array): Buffer {
  let chunk = chunks.get(bytes);
  if (!chunk) {
    chunk = Buffer.concat([Buffer.from(`${bytes.byteLength.toString(16)}\r\n`), bytes, LINE_END]);
    chunks.set(bytes, chunk);
  }
  return chunk;
}
