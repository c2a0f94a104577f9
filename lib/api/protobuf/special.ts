import { formatDuration, parseDuration } from '../duration.ts';
import { formatMicros, formatSeconds, type Instant, parseInstant } from '../time.ts';
import type { Codec, MessageCodec } from './codec.ts';
import type { Reader } from './reader.ts';
import { string } from './scalar.ts';
import { LENGTH_DELIMITED, VARINT, type Writer } from './writer.ts';

/** Messages whose JSON is not an object of their fields. Sources: the …_proto.go files beside each type in k8s.io/apimachinery. */
type DecodeEnvelope = (bytes: Uint8Array) => unknown;

const META = 'k8s.io.apimachinery.pkg.apis.meta.v1';
const SCHEMA = 'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSON';

export function specialMessage(
  name: string,
  message: (name: string) => MessageCodec,
  envelope: DecodeEnvelope,
): MessageCodec | undefined {
  switch (name) {
    case `${META}.Time`:
      return instant(formatTime);
    case `${META}.MicroTime`:
      return instant((at) => (isZero(at) ? undefined : formatMicros(at)));
    case `${META}.Duration`:
      return duration;
    case `${META}.FieldsV1`:
    case SCHEMA:
      return rawJson((bytes) => JSON.parse(bytes.toString()));
    case 'k8s.io.apimachinery.pkg.runtime.RawExtension':
      return rawJson((bytes) => (bytes.subarray(0, 4).equals(MAGIC) ? envelope(bytes) : JSON.parse(bytes.toString())));
    case 'k8s.io.apimachinery.pkg.api.resource.Quantity':
      return quantity;
    case 'k8s.io.apimachinery.pkg.util.intstr.IntOrString':
      return intOrString;
  }
  if (name.startsWith(`${SCHEMA}SchemaPropsOr`))
    return schemaUnion(
      name,
      nested(() => message(`${SCHEMA}SchemaProps`)),
    );
  return EXTRA_VALUES.test(name) ? stringList : undefined;
}

export const MAGIC = Buffer.from('k8s\0');
/** Lists of strings that are messages on the wire because they are values of a map. */
const EXTRA_VALUES = /\.(ExtraValue|AttestationValue|Verbs)$/;

/** Reads fields until the end; `read` gives false for one that it does not know. */
function eachField(reader: Reader, read: (number: number) => boolean): void {
  while (!reader.done) {
    const tag = reader.varint();
    if (!read(Math.floor(tag / 8))) reader.skip(tag % 8);
  }
}

function field(writer: Writer, number: number, codec: Codec, value: unknown): void {
  const before = writer.length;
  codec.write(writer, value);
  if (codec.wireType === LENGTH_DELIMITED) writer.delimited(number, before);
  else writer.tag(number, codec.wireType);
}

/** The zero time is an empty message. */
function instant(format: (at: Instant) => string | undefined): MessageCodec {
  return {
    write(writer, value) {
      const at = value ? parseInstant(value) : undefined;
      if (!at) return;
      writer.varint(at.nanos);
      writer.tag(2, VARINT);
      writer.varint(at.seconds);
      writer.tag(1, VARINT);
    },
    read(reader) {
      const at: Instant = { seconds: 0, nanos: 0 };
      eachField(reader, (number) => {
        if (number === 1) at.seconds = reader.varint();
        else if (number === 2) at.nanos = reader.varint();
        return number === 1 || number === 2;
      });
      return format(at);
    },
  };
}

function isZero({ seconds, nanos }: Instant): boolean {
  return seconds === 0 && nanos === 0;
}

function formatTime(at: Instant): string | undefined {
  return isZero(at) ? undefined : formatSeconds(at.seconds);
}

const duration: MessageCodec = {
  write(writer, value) {
    writer.varint(parseDuration(value ?? '0s') ?? 0);
    writer.tag(1, VARINT);
  },
  read(reader) {
    let nanos = 0;
    eachField(reader, (number) => {
      if (number === 1) nanos = reader.varint();
      return number === 1;
    });
    return formatDuration(nanos);
  },
};

function rawJson(parse: (bytes: Buffer) => unknown): MessageCodec {
  return {
    write(writer, value) {
      if (value === undefined || value === null) return;
      const before = writer.length;
      writer.string(JSON.stringify(value));
      writer.delimited(1, before);
    },
    read(reader) {
      let value: unknown;
      eachField(reader, (number) => {
        if (number !== 1) return false;
        const bytes = reader.bytes();
        if (bytes.length > 0) value = parse(bytes);
        return true;
      });
      return value;
    },
  };
}

const quantity: MessageCodec = {
  write: (writer, value) => field(writer, 1, string, value ?? '0'),
  read(reader) {
    let text = '0';
    eachField(reader, (number) => {
      if (number === 1) text = reader.string();
      return number === 1;
    });
    return text;
  },
};

const INT = 0;
const STRING = 1;

const intOrString: MessageCodec = {
  write(writer, value) {
    const isString = typeof value === 'string';
    field(writer, 3, string, isString ? value : '');
    writer.varint(isString ? 0 : (value ?? 0));
    writer.tag(2, VARINT);
    writer.varint(isString ? STRING : INT);
    writer.tag(1, VARINT);
  },
  read(reader) {
    let type = INT;
    let int = 0;
    let text = '';
    eachField(reader, (number) => {
      if (number === 1) type = reader.varint();
      else if (number === 2) int = reader.varint();
      else if (number === 3) text = reader.string();
      return number >= 1 && number <= 3;
    });
    return type === STRING ? text : int;
  },
};

const stringList: MessageCodec = {
  write(writer, value: string[] | undefined) {
    for (const text of (value ?? []).toReversed()) field(writer, 1, string, text);
  },
  read(reader, list: string[] = []) {
    eachField(reader, (number) => number === 1 && list.push(reader.string()) > 0);
    return list;
  },
};

/** A message as a field's value. Looked up late, since schemas hold schemas. */
function nested(message: () => MessageCodec): Codec {
  return {
    wireType: LENGTH_DELIMITED,
    write: (writer, value) => message().write(writer, value),
    read(reader) {
      const outer = reader.enter();
      const value = message().read(reader);
      reader.leave(outer);
      return value;
    },
  };
}

/** JSONSchemaPropsOrBool {allows 1, schema 2}; …OrArray and …OrStringArray {schema 1, items 2}. */
function schemaUnion(name: string, schema: Codec): MessageCodec {
  if (name.endsWith('Bool')) return schemaOrBool(schema);
  return schemaOrList(schema, name.endsWith('StringArray') ? string : schema);
}

function schemaOrBool(schema: Codec): MessageCodec {
  return {
    write(writer, value) {
      if (typeof value === 'object' && value !== null) field(writer, 2, schema, value);
      writer.varint(value ? 1 : 0);
      writer.tag(1, VARINT);
    },
    read(reader) {
      let value: unknown = false;
      eachField(reader, (number) => {
        if (number === 1) value = reader.varint() !== 0;
        else if (number === 2) value = schema.read(reader);
        return number === 1 || number === 2;
      });
      return value;
    },
  };
}

function schemaOrList(schema: Codec, item: Codec): MessageCodec {
  return {
    write(writer, value) {
      if (!Array.isArray(value)) field(writer, 1, schema, value);
      else for (const member of value.toReversed()) field(writer, 2, item, member);
    },
    read(reader) {
      const list: unknown[] = [];
      let single: unknown;
      eachField(reader, (number) => {
        if (number === 1) single = schema.read(reader);
        else if (number === 2) list.push(item.read(reader));
        return number === 1 || number === 2;
      });
      return single ?? list;
    },
  };
}
