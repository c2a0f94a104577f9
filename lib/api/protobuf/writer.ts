/**
 * Writes a protobuf message from its end to its start, as gogo's generated code does: a length is known when it is written,
 * so nothing is measured first or moved later.
 */
export class Writer {
  #buffer: Buffer;
  #start: number;

  constructor(capacity = INITIAL_BYTES) {
    this.#buffer = Buffer.allocUnsafe(capacity);
    this.#start = capacity;
  }

  /** How many bytes are written: the difference of two is what lies between. */
  get length(): number {
    return this.#buffer.length - this.#start;
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(this.#start);
  }

  tag(number: number, wireType: number): void {
    this.varint(number * 8 + wireType);
  }

  /** Ends a length-delimited field whose content was written since `before`. */
  delimited(number: number, before: number): void {
    this.varint(this.length - before);
    this.tag(number, LENGTH_DELIMITED);
  }

  varint(value: number): void {
    if (value < 0 || value > Number.MAX_SAFE_INTEGER) {
      this.#bigVarint(BigInt.asUintN(64, BigInt(value)));
      return;
    }
    let size = 1;
    for (let rest = value; rest >= 128; rest /= 128) size++;
    this.#reserve(size);
    this.#start -= size;
    let rest = value;
    for (let at = this.#start; at < this.#start + size; at++) {
      this.#buffer[at] = (rest % 128) | (at < this.#start + size - 1 ? 0x80 : 0);
      rest = Math.floor(rest / 128);
    }
  }

  #bigVarint(value: bigint): void {
    const parts: number[] = [];
    for (let rest = value; parts.length === 0 || rest > 0n; rest >>= 7n) parts.push(Number(rest & 0x7fn) | 0x80);
    parts[parts.length - 1]! &= 0x7f;
    this.raw(Uint8Array.from(parts));
  }

  double(value: number): void {
    this.#reserve(8);
    this.#start -= 8;
    this.#buffer.writeDoubleLE(value, this.#start);
  }

  string(text: string): void {
    // UTF-8 takes at most three bytes for each UTF-16 unit.
    if (text.length < SHORT_STRING && this.#ascii(text)) return;
    const size = Buffer.byteLength(text);
    this.#reserve(size);
    this.#start -= size;
    this.#buffer.write(text, this.#start, size, 'utf8');
  }

  /** Short texts are nearly always ASCII, and copied faster here than by a call. */
  #ascii(text: string): boolean {
    this.#reserve(text.length);
    const start = this.#start - text.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      this.#buffer[start + i] = code;
    }
    this.#start = start;
    return true;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#start -= bytes.length;
    this.#buffer.set(bytes, this.#start);
  }

  #reserve(size: number): void {
    if (this.#start >= size) return;
    const used = this.length;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, used + size));
    this.#buffer.copy(larger, larger.length - used, this.#start);
    this.#start = larger.length - used;
    this.#buffer = larger;
  }
}

const INITIAL_BYTES = 2048;
const SHORT_STRING = 64;

export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH_DELIMITED = 2;
export const FIXED32 = 5;
