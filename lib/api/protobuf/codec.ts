import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** How one value travels, without its field's tag. A length-delimited value is written without its length. */
export interface Codec {
  readonly wireType: number;
  write(writer: Writer, value: any): void;
  /** `present` is what an earlier part of the same message gave: messages may come in parts. */
  read(reader: Reader, present?: any): any;
}

/** A message: reading and writing its content. */
export interface MessageCodec {
  write(writer: Writer, object: any): void;
  read(reader: Reader, object?: any): any;
}
