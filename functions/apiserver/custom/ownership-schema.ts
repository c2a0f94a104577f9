import type { Schema } from '../../../lib/api/schema.ts';
import type { JSONSchemaProps } from '../../../lib/api/types.ts';

const TYPE_FIELDS: Readonly<Record<string, Schema>> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
};

/** A custom resource's schema with the fields that every resource has; what is preserved unknown is owned as a whole. */
export function ownershipSchema(schema: JSONSchemaProps): Schema {
  const open = openUp(schema);
  return { ...open, properties: { ...open.properties, ...TYPE_FIELDS } };
}

function openUp(schema: JSONSchemaProps): Schema {
  const { items, additionalProperties, properties, ...rest } = schema;
  const preserved = schema['x-kubernetes-preserve-unknown-fields'] === true || additionalProperties === true;
  const others = isSchema(additionalProperties) ? openUp(additionalProperties) : preserved ? {} : undefined;
  const fields = Object.entries(properties ?? {}).map(([name, field]) => [name, openUp(field)]);
  return {
    ...(rest as Schema),
    ...(properties ? { properties: Object.fromEntries(fields) } : {}),
    ...(isSchema(items) ? { items: openUp(items) } : {}),
    ...(others ? { additionalProperties: others } : {}),
  };
}

function isSchema(value: unknown): value is JSONSchemaProps {
  return typeof value === 'object' && value !== null;
}
