import { forbiddenField, invalidValue, notSupported, required } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type {
  CustomResourceColumnDefinition,
  CustomResourceSubresources,
  JSONSchemaProps,
} from '../../../../lib/api/types.ts';
import { checkRequired } from '../check.ts';

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];

/** Source: ValidateCustomResourceColumnDefinition in k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation. */
export function checkColumns(causes: Cause[], columns: CustomResourceColumnDefinition[], path: string): void {
  columns.forEach(({ name, type, jsonPath }, i) => {
    const at = `${path}[${i}]`;
    checkRequired(causes, `${at}.name`, name);
    if (!type) causes.push(required(`${at}.type`, `must be one of ${COLUMN_TYPES.join(',')}`));
    else if (!COLUMN_TYPES.includes(type)) {
      causes.push(invalidValue(`${at}.type`, type, `must be one of ${COLUMN_TYPES.join(',')}`));
    }
    checkRequired(causes, `${at}.JSONPath`, jsonPath);
  });
}

type Scale = NonNullable<CustomResourceSubresources['scale']>;

/** Source: ValidateCustomResourceDefinitionSubresources. */
export function checkScale(causes: Cause[], scale: Scale, path: string): void {
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale;
  for (const [name, value, start] of [
    ['specReplicasPath', specReplicasPath, '.spec.'],
    ['statusReplicasPath', statusReplicasPath, '.status.'],
  ] as const) {
    const field = `${path}.${name}`;
    if (checkRequired(causes, field, value)) {
      checkPath(causes, value, [start], `should be a json path under ${start.slice(0, -1)}`, field);
    }
  }
  if (!labelSelectorPath) return;
  const why = 'should be a json path under either .spec or .status';
  checkPath(causes, labelSelectorPath, ['.spec.', '.status.'], why, `${path}.labelSelectorPath`);
}

function checkPath(causes: Cause[], value: string, starts: readonly string[], why: string, field: string): void {
  if (starts.some((start) => value.startsWith(start))) return;
  const fault = value.startsWith('.') ? why : 'must be a simple json path starting with .';
  causes.push(invalidValue(field, value, fault));
}

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** How deep a schema may nest: no real one comes near. */
const DEPTH_MAX = 64;

/**
 * The core of a structural schema: every value has a type, objects list their fields, arrays their items.
 * Source: k8s.io/apiextensions-apiserver/pkg/apiserver/schema, and the Kubernetes documentation on structural schemas.
 */
export function checkSchema(causes: Cause[], schema: JSONSchemaProps, path: string): void {
  if (schema.type === undefined) causes.push(required(`${path}.type`, 'must not be empty at the root'));
  else if (schema.type !== 'object') {
    causes.push(invalidValue(`${path}.type`, schema.type, 'must be object at the root'));
  }
  checkNode(causes, schema, path, 0);
}

function checkNode(causes: Cause[], schema: JSONSchemaProps, path: string, depth: number): void {
  if (depth > DEPTH_MAX) return;
  const typeless = schema.type === undefined && depth > 0;
  const exempt = schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields'];
  if (typeless && !exempt) causes.push(required(`${path}.type`, 'must not be empty for specified object fields'));
  if (schema.type && !TYPES.includes(schema.type)) causes.push(notSupported(`${path}.type`, schema.type, TYPES));
  if (schema.type === 'array' && !schema.items) causes.push(required(`${path}.items`, 'must be specified'));
  if (schema.uniqueItems) {
    const why = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    causes.push(forbiddenField(`${path}.uniqueItems`, why));
  }
  if (schema.$ref !== undefined) causes.push(forbiddenField(`${path}.$ref`, '$ref is not supported'));
  if (schema.properties && typeof schema.additionalProperties === 'object') {
    const why = 'additionalProperties and properties are mutual exclusive';
    causes.push(forbiddenField(`${path}.additionalProperties`, why));
  }
  for (const name in schema.properties) {
    checkNode(causes, schema.properties[name]!, `${path}.properties[${name}]`, depth + 1);
  }
  if (schema.items && !Array.isArray(schema.items)) checkNode(causes, schema.items, `${path}.items`, depth + 1);
  if (schema.additionalProperties && typeof schema.additionalProperties === 'object') {
    checkNode(causes, schema.additionalProperties, `${path}.additionalProperties`, depth + 1);
  }
}
