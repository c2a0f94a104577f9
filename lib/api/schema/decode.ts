import { DecodeFault } from './fault.ts';
import { type Decode, decodeBool, decodeBytes, decodeFloat, decodeInt, decodeString } from './scalar.ts';
import { type Shape, type ShapeField, type ShapeType, shapeOf } from './shape.ts';
import { specialType } from './special.ts';

/**
 * Decoders of the API's types: they check, drop what is unknown or empty, and fill in what is always written, so that the
 * result is what kube-apiserver would encode. Compiled once for each type, when it is first met; they never change their input.
 */
const compiled = new Map<string, Decode>();

export function decoderOf(definition: string): Decode {
  const known = compiled.get(definition);
  if (known) return known;
  const shape = shapeOf(definition);
  const decode = shape ? compileStruct(shape) : specialType(definition, decoderOf)!.decode;
  compiled.set(definition, decode);
  return decode;
}

interface FieldDecoder {
  readonly name: string;
  readonly goPath: string;
  readonly decode: Decode;
  readonly dropEmpty: boolean;
  /** What is written for nothing; undefined: nothing is. */
  readonly absent: (() => unknown) | undefined;
}

function compileStruct(shape: Shape): Decode {
  let fields: readonly FieldDecoder[] | undefined;
  return (value, seen) => {
    if (!isObject(value)) throw DecodeFault.type(value, goName(shape));
    fields ??= shape.fields.map(compileField);
    const out: Record<string, unknown> = {};
    let known = 0;
    let at = 0;
    try {
      for (; at < fields.length; at++) {
        const field = fields[at]!;
        const given = value[field.name];
        if (given !== undefined) known++;
        const decoded = given === undefined || given === null ? field.absent?.() : field.decode(given, seen);
        if (decoded !== undefined && !(field.dropEmpty && isEmpty(decoded))) out[field.name] = decoded;
      }
    } catch (fault) {
      throw fault instanceof DecodeFault ? fault.within(shape.name, fields[at]!.goPath) : fault;
    }
    countMembers(value, known, seen);
    return out;
  };
}

function goName(shape: Shape): string {
  return shape.definition.split('.').slice(-2).join('.');
}

function countMembers(value: object, known: number, seen: Parameters<Decode>[1]): void {
  let members = 0;
  for (const _ in value) members++;
  seen.members += members;
  if (members !== known) seen.unknown = true;
}

function compileField({ name, goPath, type, omitEmpty, omitZero }: ShapeField): FieldDecoder {
  const plain = type.kind !== 'struct';
  return {
    name,
    goPath,
    decode: compileType(type),
    dropEmpty: omitEmpty && plain && type.kind !== 'pointer',
    absent: omitZero || (omitEmpty && plain) ? undefined : zeroOf(type),
  };
}

function compileType(type: ShapeType): Decode {
  switch (type.kind) {
    case 'string':
      return decodeString(type.goName);
    case 'bool':
      return decodeBool(type.goName);
    case 'int32':
    case 'int64':
      return decodeInt(type.goName, type.kind === 'int32' ? 32 : 64);
    case 'float64':
      return decodeFloat(type.goName);
    case 'bytes':
      return decodeBytes(type.goName);
    case 'pointer':
      return compileType(type.of);
    case 'list':
      return compileList(type.goName, type.of);
    case 'map':
      return compileMap(type.goName, type.of);
    case 'struct':
      return decoderOf(type.definition);
  }
}

function compileList(name: string, of: ShapeType): Decode {
  const decode = compileType(of);
  const zero = zeroOf(of);
  return (value, seen) => {
    if (!Array.isArray(value)) throw DecodeFault.type(value, name);
    return value.map((item) => (item === null || item === undefined ? zero() : decode(item, seen)));
  };
}

function compileMap(name: string, of: ShapeType): Decode {
  const decode = compileType(of);
  const zero = zeroOf(of);
  return (value, seen) => {
    if (!isObject(value)) throw DecodeFault.type(value, name);
    const out: Record<string, unknown> = {};
    for (const key in value) {
      seen.members++;
      const item = value[key];
      assign(out, key, item === null || item === undefined ? zero() : decode(item, seen));
    }
    return out;
  };
}

/** A key may be `__proto__`, which plain assignment would take for the prototype. */
function assign(out: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') out[key] = value;
  else Object.defineProperty(out, key, { value, enumerable: true, configurable: true, writable: true });
}

/** How Go encodes a value that nothing was decoded into. */
function zeroOf(type: ShapeType): () => unknown {
  switch (type.kind) {
    case 'string':
      return () => '';
    case 'bool':
      return () => false;
    case 'int32':
    case 'int64':
    case 'float64':
      return () => 0;
    case 'struct':
      return zeroStruct(type.definition);
    default:
      return () => null;
  }
}

function zeroStruct(definition: string): () => unknown {
  if (shapeOf(definition)) return () => decoderOf(definition)({}, { members: 0, unknown: false });
  const { zero } = specialType(definition, decoderOf)!;
  return () => zero;
}

/** Go's notion, for omitempty. */
function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return !value;
  if (Array.isArray(value)) return value.length === 0;
  for (const _ in value) return false;
  return true;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
