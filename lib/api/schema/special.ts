import { formatDuration, parseDuration } from '../duration.ts';
import { goQuote } from '../go-text.ts';
import { canonicalQuantity, QuantityError } from '../quantity.ts';
import { normalMicroTime, normalTime } from '../time.ts';
import { DecodeFault, timeFault } from './fault.ts';
import type { Decode, Seen } from './scalar.ts';

/** Types with a JSON form of their own, and what stands for them where they are always written and nothing was given. */
export interface SpecialType {
  readonly decode: Decode;
  readonly zero: unknown;
}

const SCHEMA_PROPS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';
type Compile = (definition: string) => Decode;

const anything: SpecialType = { decode: (value) => value, zero: null };

const fixed: Readonly<Record<string, SpecialType>> = {
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': { decode: time(normalTime), zero: null },
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': {
    decode: time(normalMicroTime, '2006-01-02T15:04:05.000000Z07:00'),
    zero: null,
  },
  'io.k8s.apimachinery.pkg.apis.meta.v1.Duration': { decode: decodeDuration, zero: '0s' },
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': anything,
  'io.k8s.apimachinery.pkg.runtime.RawExtension': anything,
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': anything,
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { decode: decodeQuantity, zero: '0' },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { decode: decodeIntOrString, zero: 0 },
};

export function specialType(definition: string, compile: Compile): SpecialType | undefined {
  return fixed[definition] ?? schemaUnion(definition, compile);
}

function time(normal: (text: string) => string | undefined, layout?: string): Decode {
  return (value) => {
    if (typeof value !== 'string') throw DecodeFault.type(value, 'string');
    const text = normal(value);
    if (text === undefined) throw timeFault(value, layout);
    return text;
  };
}

function decodeQuantity(value: unknown): string {
  try {
    return canonicalQuantity(typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value));
  } catch (error) {
    if (error instanceof QuantityError) throw DecodeFault.own(error.message);
    throw error;
  }
}

function decodeIntOrString(value: unknown): string | number {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31) return value;
  throw DecodeFault.type(value, 'int32');
}

function decodeDuration(value: unknown): string {
  if (typeof value !== 'string') throw DecodeFault.type(value, 'string');
  const nanos = parseDuration(value);
  if (nanos === undefined) throw DecodeFault.own(`time: invalid duration ${goQuote(value)}`);
  return formatDuration(nanos);
}

/** JSONSchemaPropsOrArray, …OrBool, …OrStringArray: what is in them is decoded apart, so unknown fields go unnoticed. */
function schemaUnion(definition: string, compile: Compile): SpecialType | undefined {
  const other = definition.startsWith(`${SCHEMA_PROPS}Or`) ? definition.slice(SCHEMA_PROPS.length + 2) : undefined;
  if (!other) return undefined;
  return { decode: (value) => decodeUnion(value, other, compile(SCHEMA_PROPS)), zero: other === 'Bool' ? false : null };
}

function decodeUnion(value: unknown, other: string, schema: Decode): unknown {
  const apart: Seen = { members: 0, unknown: false };
  if (other === 'Bool' && typeof value === 'boolean') return value;
  if (!Array.isArray(value) && typeof value === 'object') return schema(value, apart);
  if (other === 'Array' && Array.isArray(value)) return value.map((item) => schema(item ?? {}, apart));
  if (other === 'StringArray' && Array.isArray(value)) return value;
  if (other === 'Bool') throw DecodeFault.own('boolean or JSON schema expected');
  return null;
}
