/** A message's bytes where dns-packet does not go: compression and the size limit of UDP. */
import { decode, encode, type Packet } from 'dns-packet';

const HEADER_BYTES = 12;
/** RFC 1035 §4.1.4: a pointer to the question's name, which always begins right after the header. */
const QUESTION_POINTER = 0xc00c;
export const TRUNCATED = 1 << 9;

/** What dns-packet reads of the header beyond what its types say. */
export type Message = Packet & { rcode?: string; opcode?: string };

/** Undefined when the bytes are no DNS message. */
export function parse(message: Buffer): Message | undefined {
  try {
    return decode(message);
  } catch {
    return undefined;
  }
}

/** The message with answers' names shortened to pointers, and cut to nothing but the question where it is too long for UDP. */
export function encodeMessage(packet: Packet, maxBytes: number): Buffer {
  const bytes = compress(encode(packet));
  if (bytes.length <= maxBytes) return bytes;
  const options = (packet.additionals ?? []).filter((record) => record.type === 'OPT');
  const cut = { ...packet, flags: (packet.flags ?? 0) | TRUNCATED, answers: [], authorities: [], additionals: options };
  return encode(cut);
}

/** Most answers are about the name that was asked: eight addresses more fit into 512 bytes. */
function compress(message: Buffer): Buffer {
  if (message.readUInt16BE(4) !== 1) return message;
  const nameEnd = skipName(message, HEADER_BYTES);
  const name = message.subarray(HEADER_BYTES, nameEnd);
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  const parts = [message.subarray(0, nameEnd + 4)];
  const pointer = Buffer.alloc(2);
  pointer.writeUInt16BE(QUESTION_POINTER);
  let offset = nameEnd + 4;
  for (let i = 0; i < records; i++) {
    const end = skipName(message, offset);
    const next = end + 10 + message.readUInt16BE(end + 8);
    const same = message.subarray(offset, end).equals(name);
    parts.push(same ? pointer : message.subarray(offset, end), message.subarray(end, next));
    offset = next;
  }
  return Buffer.concat(parts);
}

/** The offset behind a name that dns-packet wrote, which has no pointers. */
function skipName(message: Buffer, offset: number): number {
  let at = offset;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) at += length + 1;
  return at + 1;
}
