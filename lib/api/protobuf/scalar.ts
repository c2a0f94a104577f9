import type { Codec } from './codec.ts';
import { FIXED64, LENGTH_DELIMITED, VARINT } from './writer.ts';

export const string: Codec = {
  wireType: LENGTH_DELIMITED,
  write: (writer, value) => writer.string(String(value)),
  read: (reader) => reader.string(),
};

export const integer: Codec = {
  wireType: VARINT,
  write: (writer, value) => writer.varint(Number(value)),
  read: (reader) => reader.varint(),
};

export const bool: Codec = {
  wireType: VARINT,
  write: (writer, value) => writer.varint(value ? 1 : 0),
  read: (reader) => reader.varint() !== 0,
};

export const double: Codec = {
  wireType: FIXED64,
  write: (writer, value) => writer.double(value),
  read: (reader) => reader.double(),
};

/** In JSON, bytes are base64. */
export const bytes: Codec = {
  wireType: LENGTH_DELIMITED,
  write: (writer, value) => writer.raw(Buffer.from(value, 'base64')),
  read: (reader) => reader.bytes().toString('base64'),
};
