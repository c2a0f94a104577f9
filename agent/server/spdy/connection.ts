import type { Duplex } from 'node:stream';
import { CONTROL, controlFrame, dataHeader, FLAG_FIN, type Frame, FrameReader, MAX_DATA_BYTES } from './frames.ts';
import { HeaderWriter } from './header-block.ts';

export interface SpdyEvents {
  /** The bytes are only lent: copy what is kept. */
  data(streamId: number, bytes: Buffer): void;
  /** The peer has ended the stream, or reset it. */
  end(streamId: number): void;
  close(): void;
}

const UNIDIRECTIONAL_NONE = 0;

/** The client's side of a SPDY/3.1 connection. Of flow control only the transport's is used: the peers here never send WINDOW_UPDATE. */
export class SpdyConnection {
  readonly #socket: Duplex;
  readonly #events: SpdyEvents;
  readonly #headers = new HeaderWriter();
  readonly #reader = new FrameReader();
  #nextId = 1;

  /** `head` is what came together with the answer to the upgrade. */
  constructor(socket: Duplex, head: Buffer, events: SpdyEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', () => socket.destroy());
    socket.once('close', () => events.close());
    if (head.length > 0) this.#receive(head);
    // It may have closed while the client was being accepted.
    if (socket.destroyed) queueMicrotask(() => events.close());
  }

  /** Opens a stream and returns its id; the peer need not have answered before it is used. */
  open(headers: Readonly<Record<string, string>>): number {
    const id = this.#nextId;
    this.#nextId += 2;
    const fixed = Buffer.alloc(10);
    fixed.writeUInt32BE(id, 0);
    const payload = Buffer.concat([fixed, this.#headers.block(headers)]);
    this.#socket.write(controlFrame(CONTROL.SYN_STREAM, UNIDIRECTIONAL_NONE, payload));
    return id;
  }

  /** False: wait for `drain` before writing more. */
  write(streamId: number, bytes: Buffer): boolean {
    let open = true;
    this.#socket.cork?.();
    for (let at = 0; at < bytes.length; at += MAX_DATA_BYTES) {
      const part = bytes.subarray(at, at + MAX_DATA_BYTES);
      this.#socket.write(dataHeader(streamId, part.length, false));
      open = this.#socket.write(part);
    }
    this.#socket.uncork?.();
    return open;
  }

  end(streamId: number): void {
    this.#socket.write(dataHeader(streamId, 0, true));
  }

  onceDrained(run: () => void): void {
    this.#socket.once('drain', run);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    for (const frame of this.#reader.push(chunk)) this.#handle(frame);
  }

  #handle(frame: Frame): void {
    if (!frame.control) {
      if (frame.payload.length > 0) this.#events.data(frame.streamId, frame.payload);
      if (frame.fin) this.#events.end(frame.streamId);
      return;
    }
    if (frame.type === CONTROL.PING) this.#socket.write(controlFrame(CONTROL.PING, 0, frame.payload));
    if (frame.type === CONTROL.GOAWAY) this.#socket.end();
    const reset = frame.type === CONTROL.RST_STREAM;
    const replyEnded = frame.type === CONTROL.SYN_REPLY && (frame.flags & FLAG_FIN) !== 0;
    if (reset || replyEnded) this.#events.end(frame.payload.readUInt32BE(0) & 0x7fffffff);
  }
}
