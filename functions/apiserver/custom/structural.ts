import type { JSONSchemaProps } from '../../../lib/api/types.ts';

/**
 * Structural schemas: which fields an object keeps, and what it is filled with.
 * Source: k8s.io/apiextensions-apiserver/pkg/apiserver/schema/{pruning,defaulting}.
 */
type Fields = Record<string, unknown>;

const preserves = (schema: JSONSchemaProps) => schema['x-kubernetes-preserve-unknown-fields'] === true;

/** Fields that every resource has, embedded ones too, whether the schema names them or not. */
const TYPE_FIELDS = new Set(['apiVersion', 'kind', 'metadata']);

/** Removes what the schema does not know, in place, and tells the paths of what went. */
export function prune(object: Fields, schema: JSONSchemaProps): string[] {
  const unknown: string[] = [];
  pruneObject(object, schema, '', unknown, true);
  return unknown;
}

function pruneValue(value: unknown, schema: JSONSchemaProps, path: string, unknown: string[]): void {
  if (Array.isArray(value)) {
    const items = schema.items as JSONSchemaProps | undefined;
    if (items) for (const [i, item] of value.entries()) pruneValue(item, items, `${path}[${i}]`, unknown);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  pruneObject(value as Fields, schema, path, unknown, schema['x-kubernetes-embedded-resource'] === true);
}

function pruneObject(
  object: Fields,
  schema: JSONSchemaProps,
  path: string,
  unknown: string[],
  isResource: boolean,
): void {
  for (const key of Object.keys(object)) {
    const at = path ? `${path}.${key}` : key;
    const field = fieldSchema(schema, key);
    if (isResource && TYPE_FIELDS.has(key)) continue;
    if (field) pruneValue(object[key], field, at, unknown);
    else if (!preserves(schema) && schema.additionalProperties !== true) {
      delete object[key];
      unknown.push(at);
    }
  }
}

function fieldSchema(schema: JSONSchemaProps, key: string): JSONSchemaProps | undefined {
  const own = schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
  if (own) return own;
  const { additionalProperties } = schema;
  return typeof additionalProperties === 'object' ? (additionalProperties as JSONSchemaProps) : undefined;
}

/** Fills in defaults, in place. A null that the schema does not allow counts as absent where there is a default. */
export function applyDefaults(value: unknown, schema: JSONSchemaProps): void {
  if (Array.isArray(value)) {
    const items = schema.items as JSONSchemaProps | undefined;
    if (items) for (const item of value) applyDefaults(item, items);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const object = value as Fields;
  for (const [key, field] of Object.entries(schema.properties ?? {})) {
    const isAbsent = object[key] === undefined || (object[key] === null && !field.nullable);
    if (isAbsent && field.default !== undefined) object[key] = structuredClone(field.default);
    applyDefaults(object[key], field);
  }
  const { additionalProperties } = schema;
  if (typeof additionalProperties !== 'object') return;
  for (const key of Object.keys(object)) {
    if (!schema.properties?.[key]) applyDefaults(object[key], additionalProperties as JSONSchemaProps);
  }
}

/** Whether reading an object may have to fill something in. */
export function hasDefaults(schema: JSONSchemaProps): boolean {
  if (schema.default !== undefined) return true;
  const parts: unknown[] = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties];
  return parts.some((part) => typeof part === 'object' && part !== null && hasDefaults(part as JSONSchemaProps));
}
