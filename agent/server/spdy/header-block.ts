/**
 * Header blocks as SPDY wants them: one zlib stream over all blocks of a connection ("SPDY Protocol - Draft 3", §2.6.10.1).
 * Four short headers a connection are not worth compressing, so the stream is made of stored blocks (RFC 1951 §3.2.4)
 * and asks for no dictionary (RFC 1950 §2.2, FDICT).
 */
export class HeaderWriter {
  #begun = false;

  block(headers: Readonly<Record<string, string>>): Buffer {
    const content = nameValueBlock(headers);
    const stored = Buffer.alloc(5);
    stored.writeUInt16LE(content.length, 1);
    stored.writeUInt16LE(~content.length & 0xffff, 3);
    const start = this.#begun ? [] : [ZLIB_HEADER];
    this.#begun = true;
    return Buffer.concat([...start, stored, content, SYNC_FLUSH]);
  }
}

/** Deflate with a 32 KiB window, fastest, no dictionary. */
const ZLIB_HEADER = Buffer.from([0x78, 0x01]);

/** An empty stored block: inflaters hold back what came before until they see it (zlib's Z_SYNC_FLUSH). */
const SYNC_FLUSH = Buffer.from([0, 0, 0, 0xff, 0xff]);

function nameValueBlock(headers: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(headers);
  return Buffer.concat([number(entries.length), ...entries.flatMap((pair) => pair.flatMap(text))]);
}

function text(value: string): Buffer[] {
  return [number(Buffer.byteLength(value)), Buffer.from(value)];
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
