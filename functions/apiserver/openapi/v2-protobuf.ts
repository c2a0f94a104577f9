const EMPTY = Buffer.alloc(0);
const LENGTH_DELIMITED = 2;

/**
 * The Swagger document as the protobuf message that client-go asks for.
 * Source: github.com/google/gnostic-models/openapiv2/OpenAPIv2.proto.
 */
export function encodeOpenapiV2(spec: any): Uint8Array {
  return message([
    text(1, spec.swagger),
    nested(2, message([text(1, spec.info.title), text(2, spec.info.version)])),
    nested(8, message(Object.entries(spec.paths).map(([name, item]) => named(2, name, pathItem(item))))),
    nested(9, message(Object.entries(spec.definitions).map(([name, item]) => named(1, name, schema(item))))),
  ]);
}

const METHOD_FIELDS: readonly [string, number][] = [
  ['get', 2],
  ['put', 3],
  ['post', 4],
  ['delete', 5],
  ['patch', 8],
];

function pathItem(item: any): Buffer {
  return message(
    METHOD_FIELDS.map(([method, field]) => (item[method] ? nested(field, operation(item[method])) : EMPTY)),
  );
}

function operation(item: any): Buffer {
  const extensions = ['x-kubernetes-action', 'x-kubernetes-group-version-kind'];
  return message([
    ...(item.consumes ?? []).map((type: string) => text(7, type)),
    ...(item.parameters ?? []).map((parameter: any) => nested(8, parametersItem(parameter))),
    nested(9, message([nested(1, message([text(1, '200'), nested(2, RESPONSE_VALUE)]))])),
    ...extensions.map((name) => extension(13, name, item[name])),
  ]);
}

/** NamedResponseValue.value = ResponseValue{response: Response{description}}. */
const RESPONSE_VALUE = message([nested(1, message([text(1, 'OK')]))]);

/** ParametersItem{parameter{non_body_parameter{query_parameter_sub_schema}}}. */
function parametersItem(parameter: any): Buffer {
  const query = message([text(2, 'query'), text(4, parameter.name), text(6, parameter.type)]);
  return message([nested(1, message([nested(2, message([nested(3, query)]))]))]);
}

const EXTENSIONS = [
  'x-kubernetes-group-version-kind',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-list-type',
  'x-kubernetes-map-type',
  'x-kubernetes-patch-merge-key',
  'x-kubernetes-patch-strategy',
  'x-kubernetes-unions',
  'x-kubernetes-int-or-string',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
];

function schema(item: any): Buffer {
  return message([
    text(1, item.$ref),
    text(2, item.format),
    text(4, item.description),
    item.default === undefined ? EMPTY : nested(5, any(item.default)),
    ...(item.required ?? []).map((name: string) => text(19, name)),
    ...(item.enum ?? []).map((value: unknown) => nested(20, any(value))),
    item.additionalProperties === undefined
      ? EMPTY
      : nested(21, message([nested(1, schema(item.additionalProperties))])),
    item.type === undefined ? EMPTY : nested(22, message([text(1, item.type)])),
    item.items === undefined ? EMPTY : nested(23, message([nested(1, schema(item.items))])),
    item.properties === undefined ? EMPTY : nested(25, properties(item.properties)),
    ...EXTENSIONS.map((name) => extension(31, name, item[name])),
  ]);
}

function properties(all: Record<string, unknown>): Buffer {
  return message(Object.entries(all).map(([name, item]) => named(1, name, schema(item))));
}

/** NamedAny{name, value: Any{yaml}}: extensions travel as YAML, of which JSON is a part. */
function extension(field: number, name: string, value: unknown): Buffer {
  return value === undefined ? EMPTY : named(field, name, any(value));
}

function any(value: unknown): Buffer {
  return message([text(2, `${typeof value === 'string' ? value : JSON.stringify(value)}\n`)]);
}

function named(field: number, name: string, value: Buffer): Buffer {
  return nested(field, message([text(1, name), nested(2, value)]));
}

function message(parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts);
}

function text(field: number, value: string | undefined): Buffer {
  return value === undefined ? EMPTY : nested(field, Buffer.from(value));
}

function nested(field: number, value: Uint8Array): Buffer {
  return Buffer.concat([varint((field << 3) | LENGTH_DELIMITED), varint(value.byteLength), value]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
