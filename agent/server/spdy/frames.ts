/** SPDY/3.1 framing, as much as CRI streaming uses. Source: "SPDY Protocol - Draft 3.1", §2.2 and §2.6. */
export const CONTROL = {
  SYN_STREAM: 1,
  SYN_REPLY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  HEADERS: 8,
  WINDOW_UPDATE: 9,
} as const;

export const FLAG_FIN = 1;
const VERSION = 3;
export const FRAME_HEADER_BYTES = 8;
/** The length field has 24 bits; smaller frames keep the other streams moving. */
export const MAX_DATA_BYTES = 64 * 1024;

export type Frame =
  | { readonly control: true; readonly type: number; readonly flags: number; readonly payload: Buffer }
  | { readonly control: false; readonly streamId: number; readonly fin: boolean; readonly payload: Buffer };

export function controlFrame(type: number, flags: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt16BE(0x8000 | VERSION, 0);
  header.writeUInt16BE(type, 2);
  header.writeUInt32BE(((flags << 24) | payload.length) >>> 0, 4);
  return Buffer.concat([header, payload]);
}

/** The header alone: the data follows it uncopied. */
export function dataHeader(streamId: number, length: number, fin: boolean): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt32BE(streamId, 0);
  header.writeUInt32BE((((fin ? FLAG_FIN : 0) << 24) | length) >>> 0, 4);
  return header;
}

/** Cuts bytes as they arrive into frames. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** The frames that are whole now. */
  push(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const frames: Frame[] = [];
    while (this.#bytes >= FRAME_HEADER_BYTES) {
      const length = FRAME_HEADER_BYTES + (this.#joined(FRAME_HEADER_BYTES).readUInt32BE(4) & 0xffffff);
      if (this.#bytes < length) break;
      frames.push(parse(this.#take(length)));
    }
    return frames;
  }

  /** The first chunk, at least this long. Chunks are joined no more often than a frame needs. */
  #joined(length: number): Buffer {
    const first = this.#chunks[0] as Buffer;
    if (first.length >= length) return first;
    const whole = Buffer.concat(this.#chunks);
    this.#chunks = [whole];
    return whole;
  }

  #take(length: number): Buffer {
    const first = this.#joined(length);
    this.#bytes -= length;
    if (first.length === length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(length);
    return first.subarray(0, length);
  }
}

function parse(frame: Buffer): Frame {
  const first = frame.readUInt32BE(0);
  const flags = frame.readUInt8(4);
  const payload = frame.subarray(FRAME_HEADER_BYTES);
  if (first >>> 31 === 1) return { control: true, type: first & 0xffff, flags, payload };
  return { control: false, streamId: first & 0x7fffffff, fin: (flags & FLAG_FIN) !== 0, payload };
}
