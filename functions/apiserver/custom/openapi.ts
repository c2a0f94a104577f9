import type { JSONSchemaProps } from '../../../lib/api/types.ts';
import type { ResourceType } from '../registry/resource-table.ts';

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const LIST_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta';
const REFS = { v2: '#/definitions/', v3: '#/components/schemas/' } as const;

const API_VERSION =
  'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources';
const KIND =
  'Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds';

const METADATA =
  "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/** The schemas of the custom resources among these types, by definition name, as kubectl explain and validation read them. */
export function customSchemas(types: Iterable<ResourceType>, format: 'v2' | 'v3'): Record<string, object> {
  const found: Record<string, object> = {};
  for (const type of types) {
    if (!type.custom) continue;
    const name = `${definitionPrefix(type)}.${type.kind}`;
    found[name] = objectSchema(type, type.custom.schema, format);
    found[`${definitionPrefix(type)}.${type.listKind}`] = listSchema(type, name, format);
  }
  return found;
}

/** `stable.example.com` → `com.example.stable.v1` */
function definitionPrefix({ group, version }: ResourceType): string {
  return `${group.split('.').reverse().join('.')}.${version}`;
}

function kindOf({ group, version }: ResourceType, kind: string): object {
  return { 'x-kubernetes-group-version-kind': [{ group, version, kind }] };
}

function objectSchema(type: ResourceType, schema: JSONSchemaProps, format: 'v2' | 'v3'): object {
  // kubectl would call every field unknown that is not named here, so nothing is.
  if (format === 'v2' && schema['x-kubernetes-preserve-unknown-fields']) {
    return { type: 'object', ...kindOf(type, type.kind) };
  }
  const { properties, ...rest } = format === 'v2' ? toV2(schema) : schema;
  const metadata = { description: METADATA, ...reference(OBJECT_META, format) };
  const fields = { ...typeFields(), ...properties, metadata };
  return { ...rest, type: 'object', properties: fields, ...kindOf(type, type.kind) };
}

function listSchema(type: ResourceType, item: string, format: 'v2' | 'v3'): object {
  const items = { type: 'array', items: reference(item, format) };
  const properties = { ...typeFields(), metadata: reference(LIST_META, format), items };
  return { type: 'object', required: ['items'], properties, ...kindOf(type, type.listKind) };
}

function typeFields(): Record<string, object> {
  return {
    apiVersion: { description: API_VERSION, type: 'string' },
    kind: { description: KIND, type: 'string' },
  };
}

function reference(name: string, format: 'v2' | 'v3'): object {
  return format === 'v2' ? { $ref: REFS.v2 + name } : { allOf: [{ $ref: REFS.v3 + name }], default: {} };
}

/**
 * What Swagger 2 cannot say, or kubectl cannot cope with, is left out.
 * Source: apiextensions-apiserver/pkg/controller/openapi/v2/conversion.go.
 */
function toV2(schema: JSONSchemaProps): JSONSchemaProps {
  const { nullable, oneOf: _one, anyOf: _any, not: _not, allOf: _all, ...rest } = schema;
  const preserved = rest['x-kubernetes-preserve-unknown-fields'] === true;
  if (nullable || preserved) {
    delete rest.properties;
    delete rest.items;
  }
  if (nullable || rest['x-kubernetes-int-or-string'] || (preserved && rest.type === 'object')) delete rest.type;
  if (rest.type === 'array' && !rest.items) delete rest.type;
  const { items, additionalProperties, properties } = rest;
  return {
    ...rest,
    ...(properties ? { properties: mapValues(properties, toV2) } : {}),
    ...(isSchema(items) ? { items: toV2(items) } : {}),
    ...(isSchema(additionalProperties) ? { additionalProperties: toV2(additionalProperties) } : {}),
  };
}

function isSchema(value: unknown): value is JSONSchemaProps {
  return typeof value === 'object' && value !== null;
}

function mapValues<T>(record: Record<string, T>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
