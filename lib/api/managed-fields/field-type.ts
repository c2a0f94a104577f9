import { resolve, type Schema } from '../schema/openapi.ts';

/**
 * What ownership is counted by: maps field by field, lists by item or as a whole.
 * Source: k8s.io/kube-openapi/pkg/schemaconv, which makes structured-merge-diff's types from OpenAPI.
 */
export type FieldType = ScalarType | MapType | ListType;

export interface ScalarType {
  readonly kind: 'scalar';
  readonly scalar: 'string' | 'number' | 'boolean' | 'any';
}

export interface MapType {
  readonly kind: 'map';
  readonly atomic: boolean;
  /** A field that the schema declares by name. */
  declares(name: string): boolean;
  /** undefined: the schema knows no such field. */
  field(name: string): FieldType | undefined;
}

export interface ListType {
  readonly kind: 'list';
  readonly relation: 'atomic' | 'set' | 'map';
  readonly sortedKeys: readonly string[];
  item(): FieldType;
}

/** Of the same schema there is one type, so that it is made once. */
const made = new WeakMap<Schema, FieldType>();

/** `atomic` maps and lists are owned as a whole; so is what has no schema. */
export function fieldType(schema: Schema | undefined): FieldType {
  if (!schema) return UNTYPED;
  const known = made.get(schema);
  if (known) return known;
  const type = make(schema, resolve(schema) ?? {});
  made.set(schema, type);
  return type;
}

const UNTYPED: MapType = { kind: 'map', atomic: true, declares: () => false, field: () => undefined };

function make(outer: Schema, schema: Schema): FieldType {
  if (schema.properties || schema.additionalProperties) return mapType(outer, schema);
  switch (schema.type) {
    case 'array':
      return listType(outer, schema);
    case 'string':
      return { kind: 'scalar', scalar: isUntypedScalar(outer, schema) ? 'any' : 'string' };
    case 'boolean':
      return { kind: 'scalar', scalar: 'boolean' };
    case 'integer':
    case 'number':
      return { kind: 'scalar', scalar: 'number' };
  }
  return UNTYPED;
}

/** Quantities and int-or-strings may come as numbers. */
function isUntypedScalar(outer: Schema, schema: Schema): boolean {
  return schema.format === 'int-or-string' || (outer.$ref?.endsWith('.Quantity') ?? false);
}

function mapType(outer: Schema, schema: Schema): MapType {
  const relation = outer['x-kubernetes-map-type'] ?? schema['x-kubernetes-map-type'];
  const { properties = {}, additionalProperties } = schema;
  return {
    kind: 'map',
    atomic: relation === 'atomic',
    declares: (name) => Object.hasOwn(properties, name),
    field(name) {
      if (Object.hasOwn(properties, name)) return fieldType(properties[name]);
      return additionalProperties && fieldType(additionalProperties);
    },
  };
}

function listType(outer: Schema, schema: Schema): ListType {
  const sortedKeys = (outer['x-kubernetes-list-map-keys'] ?? schema['x-kubernetes-list-map-keys'] ?? []).toSorted();
  return { kind: 'list', relation: relationOf(outer, schema), sortedKeys, item: () => fieldType(schema.items) };
}

function relationOf(outer: Schema, schema: Schema): ListType['relation'] {
  const declared = outer['x-kubernetes-list-type'] ?? schema['x-kubernetes-list-type'];
  return declared === 'set' || declared === 'map' ? declared : 'atomic';
}
