import schemasData from '../data/schemas.json' with { type: 'json' };
import type { GroupVersionKind } from '../resources.ts';
import { definitionOf } from './shape.ts';

/** An OpenAPI v2 schema with Kubernetes' extensions: how lists are merged and which fields own a map's keys. */
export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: readonly string[];
  required?: readonly string[];
  properties?: Readonly<Record<string, Schema>>;
  additionalProperties?: Schema;
  items?: Schema;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: readonly string[];
  'x-kubernetes-map-type'?: string;
  'x-kubernetes-patch-merge-key'?: string;
  'x-kubernetes-patch-strategy'?: string;
  'x-kubernetes-unions'?: readonly unknown[];
  'x-kubernetes-group-version-kind'?: readonly GroupVersionKind[];
  'x-kubernetes-preserve-unknown-fields'?: boolean;
}

const definitions = schemasData as unknown as Readonly<Record<string, Schema>>;
const REF_PREFIX = '#/definitions/';

/** The schema of a built-in kind. */
export function schemaOf(type: GroupVersionKind): Schema | undefined {
  const definition = definitionOf(type);
  return definition === undefined ? undefined : definitions[definition];
}

export function schemaOfDefinition(definition: string): Schema | undefined {
  return definitions[definition];
}

/** The schema itself, a reference followed. */
export function resolve(schema: Schema | undefined): Schema | undefined {
  return schema?.$ref ? definitions[schema.$ref.slice(REF_PREFIX.length)] : schema;
}
