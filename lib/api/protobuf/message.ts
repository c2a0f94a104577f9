import protobufData from '../data/protobuf.json' with { type: 'json' };
import { type ShapeField, type ShapeType, shapeOf } from '../schema/shape.ts';
import type { Codec, MessageCodec } from './codec.ts';
import { decodeEnvelope } from './envelope.ts';
import type { Reader } from './reader.ts';
import { bool, bytes, double, integer, string } from './scalar.ts';
import { specialMessage } from './special.ts';
import { LENGTH_DELIMITED, type Writer } from './writer.ts';

/**
 * Codecs of the API's protobuf messages, compiled when first met. What is optional is what Go's types have as a pointer,
 * list or map: everything else is always on the wire, as gogo's generated code has it.
 */
interface ProtoField {
  number: number;
  type: string;
  repeated?: boolean;
}

const messages = protobufData as unknown as Readonly<Record<string, Readonly<Record<string, ProtoField>>>>;
const codecs = new Map<string, MessageCodec>();

/** `io.k8s.api.core.v1.Pod` is the message `k8s.io.api.core.v1.Pod`; hyphens of module names became underscores. */
export function messageNameOf(definition: string): string {
  return definition
    .replace(/^io\.k8s\./, 'k8s.io.')
    .replace('-apiserver', '_apiserver')
    .replace('-aggregator', '_aggregator');
}

function definitionOfMessage(name: string): string {
  return name
    .replace(/^k8s\.io\./, 'io.k8s.')
    .replace('_apiserver', '-apiserver')
    .replace('_aggregator', '-aggregator');
}

export function messageCodec(name: string): MessageCodec {
  const known = codecs.get(name);
  if (known) return known;
  const codec = specialMessage(name, messageCodec, decodeEnvelope) ?? compile(name, shapeFields(name));
  codecs.set(name, codec);
  return codec;
}

function shapeFields(name: string): readonly ShapeField[] {
  return shapeOf(definitionOfMessage(name))?.fields ?? [];
}

interface Field {
  readonly number: number;
  write(writer: Writer, object: any): void;
  read(reader: Reader, object: any, wireType: number): void;
}

/** Fields are made at the first use, since messages may hold themselves. */
function compile(name: string, shape: readonly ShapeField[]): MessageCodec {
  let made: { descending: Field[]; byNumber: (Field | undefined)[] } | undefined;
  const fields = () => {
    made ??= order(Object.entries(messages[name] ?? {}).map(([key, proto]) => compileField(name, key, proto, shape)));
    return made;
  };
  return {
    write(writer, object) {
      for (const field of fields().descending) field.write(writer, object);
    },
    read(reader, object = {}) {
      const { byNumber } = fields();
      while (!reader.done) {
        const tag = reader.varint();
        const field = byNumber[Math.floor(tag / 8)];
        if (field) field.read(reader, object, tag % 8);
        else reader.skip(tag % 8);
      }
      return object;
    },
  };
}

function order(fields: Field[]): { descending: Field[]; byNumber: (Field | undefined)[] } {
  const byNumber: (Field | undefined)[] = [];
  for (const field of fields) byNumber[field.number] = field;
  return { descending: fields.sort((a, b) => b.number - a.number), byNumber };
}

/** Names differ in case and punctuation only: `$ref` is `ref`, `x-kubernetes-list-type` is `xKubernetesListType`. */
function sameName(protoName: string, jsonName: string): boolean {
  const bare = (name: string) => name.replace(/[^A-Za-z0-9]/g, '').toLowerCase();
  return bare(protoName) === bare(jsonName);
}

function compileField(owner: string, key: string, proto: ProtoField, shape: readonly ShapeField[]): Field {
  const json = shape.find(({ name }) => name === key) ?? shape.find(({ name }) => sameName(key, name));
  const map = /^map<string, (.*)>$/.exec(proto.type);
  if (map) return mapField(proto.number, json?.name ?? key, codecOf(owner, map[1]!));
  if (!json && shape.length > 0) return inlineField(proto.number, compile(absolute(owner, proto.type), shape));
  const codec = codecOf(owner, proto.type);
  if (proto.repeated) return listField(proto.number, json?.name ?? key, codec);
  return singleField(proto.number, json?.name ?? key, codec, zeroOf(json?.type));
}

/** What is written for an absent value; undefined: nothing. */
function zeroOf(type: ShapeType | undefined): unknown {
  switch (type?.kind) {
    case 'string':
      return '';
    case 'bool':
      return false;
    case 'int32':
    case 'int64':
    case 'float64':
      return 0;
    case 'struct':
      return shapeOf(type.definition) ? {} : null;
  }
  return undefined;
}

function codecOf(owner: string, type: string): Codec {
  switch (type) {
    case 'string':
      return string;
    case 'bool':
      return bool;
    case 'bytes':
      return bytes;
    case 'double':
      return double;
    case 'int32':
    case 'int64':
      return integer;
  }
  return embedded(absolute(owner, type));
}

function absolute(owner: string, type: string): string {
  return type.startsWith('.') ? type.slice(1) : `${owner.slice(0, owner.lastIndexOf('.'))}.${type}`;
}

function embedded(name: string): Codec {
  let codec: MessageCodec | undefined;
  const message = () => {
    codec ??= messageCodec(name);
    return codec;
  };
  return {
    wireType: LENGTH_DELIMITED,
    write: (writer, value) => message().write(writer, value),
    read(reader, present) {
      const outer = reader.enter();
      const value = message().read(reader, present);
      reader.leave(outer);
      return value;
    },
  };
}

/** A value that decodes itself, as strings and bytes do, carries its length; a message's is read by `embedded`. */
function writeTagged(writer: Writer, number: number, codec: Codec, value: unknown): void {
  const before = writer.length;
  codec.write(writer, value);
  if (codec.wireType === LENGTH_DELIMITED) writer.delimited(number, before);
  else writer.tag(number, codec.wireType);
}

function singleField(number: number, name: string, codec: Codec, zero: unknown): Field {
  return {
    number,
    write(writer, object) {
      const value = object[name] ?? zero;
      if (value !== undefined) writeTagged(writer, number, codec, value);
    },
    read(reader, object) {
      const value = codec.read(reader, object[name]);
      if (value !== undefined) object[name] = value;
    },
  };
}

function listField(number: number, name: string, codec: Codec): Field {
  return {
    number,
    write(writer, object) {
      const list = object[name];
      if (!list) return;
      for (let i = list.length - 1; i >= 0; i--) writeTagged(writer, number, codec, list[i]);
    },
    read(reader, object, wireType) {
      object[name] ??= [];
      const packed = wireType === LENGTH_DELIMITED && codec.wireType !== LENGTH_DELIMITED;
      if (packed) readPacked(reader, codec, object[name]);
      else object[name].push(codec.read(reader));
    },
  };
}

function readPacked(reader: Reader, codec: Codec, list: unknown[]): void {
  const outer = reader.enter();
  while (!reader.done) list.push(codec.read(reader));
  reader.leave(outer);
}

/** Entries { key 1, value 2 }, sorted by key so that equal objects have equal bytes. */
function mapField(number: number, name: string, codec: Codec): Field {
  return {
    number,
    write(writer, object) {
      const map = object[name];
      if (!map) return;
      for (const key of Object.keys(map).sort().reverse()) {
        const before = writer.length;
        writeTagged(writer, 2, codec, map[key]);
        writeTagged(writer, 1, string, key);
        writer.delimited(number, before);
      }
    },
    read(reader, object) {
      object[name] ??= {};
      const [key, value] = readEntry(reader, codec);
      Object.defineProperty(object[name], key, { value, enumerable: true, configurable: true, writable: true });
    },
  };
}

function readEntry(reader: Reader, codec: Codec): [string, unknown] {
  const outer = reader.enter();
  let key = '';
  let value: unknown;
  while (!reader.done) {
    const tag = reader.varint();
    if (tag >> 3 === 1) key = reader.string();
    else if (tag >> 3 === 2) value = codec.read(reader);
    else reader.skip(tag & 7);
  }
  reader.leave(outer);
  return [key, value];
}

/** A Go embedded struct: a message of its own on the wire, the fields of its owner in JSON. */
function inlineField(number: number, message: MessageCodec): Field {
  return {
    number,
    write(writer, object) {
      const before = writer.length;
      message.write(writer, object);
      writer.delimited(number, before);
    },
    read(reader, object) {
      const outer = reader.enter();
      message.read(reader, object);
      reader.leave(outer);
    },
  };
}
