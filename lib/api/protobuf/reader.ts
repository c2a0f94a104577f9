import { FIXED32, FIXED64, LENGTH_DELIMITED, VARINT } from './writer.ts';

/** Reads a protobuf message. Throws RangeError past its end. */
export class Reader {
  readonly #buffer: Buffer;
  #at: number;
  #end: number;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = 0;
    this.#end = this.#buffer.length;
  }

  /** Whether this message, or the part that `enter` bounded, is read. */
  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** Bounds the reader to a length-delimited field's content; gives the bound to leave to. */
  enter(): number {
    const outer = this.#end;
    this.#end = this.#checkedEnd(this.varint());
    return outer;
  }

  leave(outer: number): void {
    this.#at = this.#end;
    this.#end = outer;
  }

  /** Signed; exact up to 2^53. */
  varint(): number {
    let result = 0;
    for (let scale = 1, size = 0; size < MAX_VARINT_BYTES; scale *= 128, size++) {
      const byte = this.#byte();
      if (byte < 128) {
        const value = result + byte * scale;
        return value >= 2 ** 53 ? this.#large(size + 1) : value;
      }
      result += (byte & 0x7f) * scale;
    }
    throw new RangeError('integer overflow');
  }

  /** Reads the last `size` bytes again, as a 64-bit integer: negative numbers take ten. */
  #large(size: number): number {
    let value = 0n;
    for (let i = 1; i <= size; i++) value = (value << 7n) | BigInt(this.#buffer[this.#at - i]! & 0x7f);
    return Number(BigInt.asIntN(64, value));
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new RangeError('unexpected EOF');
    return this.#buffer[this.#at++]!;
  }

  string(): string {
    const end = this.#checkedEnd(this.varint());
    const text = this.#buffer.toString('utf8', this.#at, end);
    this.#at = end;
    return text;
  }

  /** A view, not a copy. */
  bytes(): Buffer {
    const end = this.#checkedEnd(this.varint());
    const view = this.#buffer.subarray(this.#at, end);
    this.#at = end;
    return view;
  }

  #checkedEnd(length: number): number {
    if (length < 0 || this.#at + length > this.#end) throw new RangeError('unexpected EOF');
    return this.#at + length;
  }

  double(): number {
    this.#at += 8;
    if (this.#at > this.#end) throw new RangeError('unexpected EOF');
    return this.#buffer.readDoubleLE(this.#at - 8);
  }

  skip(wireType: number): void {
    if (wireType === VARINT) this.varint();
    else if (wireType === FIXED64) this.#at += 8;
    else if (wireType === LENGTH_DELIMITED) this.bytes();
    else if (wireType === FIXED32) this.#at += 4;
    else throw new RangeError(`illegal wireType ${wireType}`);
  }
}

const MAX_VARINT_BYTES = 10;
