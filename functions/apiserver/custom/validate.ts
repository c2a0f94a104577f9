import {
  duplicateValue,
  invalidValue,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from '../../../lib/api/causes.ts';
import type { Cause } from '../../../lib/api/status.ts';
import type { JSONSchemaProps } from '../../../lib/api/types.ts';
import { sameContent } from '../registry/stored.ts';

/**
 * Checks a custom resource against its OpenAPI v3 schema, worded as kube-openapi's validator and
 * apiextensions-apiserver/pkg/apiserver/validation word their faults.
 */
export function validateValue(value: unknown, schema: JSONSchemaProps, path: string): Cause[] {
  const causes: Cause[] = [];
  check(causes, value, schema, path);
  return causes;
}

function check(causes: Cause[], value: unknown, schema: JSONSchemaProps, path: string): void {
  if (value === null && schema.nullable) return;
  if (!checkType(causes, value, schema, path)) return;
  checkEnum(causes, value, schema, path);
  if (typeof value === 'string') checkString(causes, value, schema, path);
  else if (typeof value === 'number') checkNumber(causes, value, schema, path);
  else if (Array.isArray(value)) checkList(causes, value, schema, path);
  else if (typeof value === 'object' && value !== null)
    checkObject(causes, value as Record<string, unknown>, schema, path);
  checkCombinations(causes, value, schema, path);
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function checkType(causes: Cause[], value: unknown, schema: JSONSchemaProps, path: string): boolean {
  const actual = typeName(value);
  if (schema['x-kubernetes-int-or-string']) {
    if (actual === 'integer' || actual === 'string') return true;
    causes.push(typeInvalid(path, actual, `${path} in body must be of type integer,string: ${JSON.stringify(actual)}`));
    return false;
  }
  const { type } = schema;
  if (!type || type === actual || (type === 'number' && actual === 'integer')) return true;
  causes.push(typeInvalid(path, actual, `${path} in body must be of type ${type}: ${JSON.stringify(actual)}`));
  return false;
}

function checkEnum(causes: Cause[], value: unknown, schema: JSONSchemaProps, path: string): void {
  if (!schema.enum || schema.enum.some((allowed) => sameContent(allowed, value))) return;
  causes.push(notSupported(path, value, schema.enum.map(String)));
}

function checkString(causes: Cause[], value: string, schema: JSONSchemaProps, path: string): void {
  const length = [...value].length;
  if (schema.maxLength !== undefined && length > schema.maxLength) causes.push(tooLong(path, schema.maxLength));
  if (schema.minLength !== undefined && length < schema.minLength) {
    causes.push(invalidValue(path, value, `${path} in body should be at least ${schema.minLength} chars long`));
  }
  if (schema.pattern !== undefined && !matches(schema.pattern, value)) {
    causes.push(invalidValue(path, value, `${path} in body should match '${schema.pattern}'`));
  }
  const format = FORMATS[schema.format ?? ''];
  if (format && !format(value)) {
    causes.push(
      invalidValue(path, value, `${path} in body must be of type ${schema.format}: ${JSON.stringify(value)}`),
    );
  }
}

/** RE2 and JavaScript agree on what schemas use; a pattern that JavaScript cannot read refuses nothing. */
function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch (error) {
    if (error instanceof SyntaxError) return true;
    throw error;
  }
}

const FORMATS: Readonly<Record<string, (value: string) => boolean>> = {
  'date-time': (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i.test(value),
  date: (value) => /^\d{4}-\d\d-\d\d$/.test(value),
  byte: (value) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value),
  uuid: (value) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(value),
  ipv4: (value) => /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|$)){4}$/.test(value),
};

function checkNumber(causes: Cause[], value: number, schema: JSONSchemaProps, path: string): void {
  const refuse = (why: string) => causes.push(invalidValue(path, value, `${path} in body should be ${why}`));
  const { minimum, maximum, multipleOf } = schema;
  if (maximum !== undefined) {
    if (schema.exclusiveMaximum ? value >= maximum : value > maximum) {
      refuse(schema.exclusiveMaximum ? `less than ${maximum}` : `less than or equal to ${maximum}`);
    }
  }
  if (minimum !== undefined) {
    if (schema.exclusiveMinimum ? value <= minimum : value < minimum) {
      refuse(schema.exclusiveMinimum ? `greater than ${minimum}` : `greater than or equal to ${minimum}`);
    }
  }
  if (multipleOf !== undefined && value % multipleOf !== 0) refuse(`a multiple of ${multipleOf}`);
}

function checkList(causes: Cause[], value: unknown[], schema: JSONSchemaProps, path: string): void {
  if (schema.maxItems !== undefined && value.length > schema.maxItems) {
    causes.push(tooMany(path, value.length, schema.maxItems));
  }
  if (schema.minItems !== undefined && value.length < schema.minItems) {
    causes.push(invalidValue(path, value.length, `${path} in body should have at least ${schema.minItems} items`));
  }
  const items = schema.items as JSONSchemaProps | undefined;
  if (items) {
    value.forEach((item, i) => {
      check(causes, item, items, `${path}[${i}]`);
    });
  }
  checkUnique(causes, value, schema, path);
}

/** Sets and maps in lists. Source: apiserver/schema/listtype. */
function checkUnique(causes: Cause[], value: unknown[], schema: JSONSchemaProps, path: string): void {
  const type = schema['x-kubernetes-list-type'];
  if (type !== 'set' && type !== 'map') return;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const seen = new Set<string>();
  value.forEach((item, i) => {
    const shown = type === 'set' ? item : Object.fromEntries(keys.map((key) => [key, (item as any)?.[key]]));
    const text = JSON.stringify(shown);
    if (seen.has(text)) causes.push(duplicateValue(`${path}[${i}]`, shown));
    seen.add(text);
  });
}

function checkObject(causes: Cause[], value: Record<string, unknown>, schema: JSONSchemaProps, path: string): void {
  const at = (key: string) => (path ? `${path}.${key}` : key);
  for (const key of schema.required ?? []) if (value[key] === undefined) causes.push(required(at(key)));
  const count = Object.keys(value).length;
  if (schema.maxProperties !== undefined && count > schema.maxProperties) {
    causes.push(tooMany(path, count, schema.maxProperties));
  }
  if (schema.minProperties !== undefined && count < schema.minProperties) {
    causes.push(invalidValue(path, count, `${path} in body should have at least ${schema.minProperties} properties`));
  }
  for (const [key, item] of Object.entries(value)) {
    const field = schema.properties?.[key] ?? schema.additionalProperties;
    if (typeof field === 'object' && item !== undefined) check(causes, item, field as JSONSchemaProps, at(key));
  }
}

function checkCombinations(causes: Cause[], value: unknown, schema: JSONSchemaProps, path: string): void {
  const fits = (candidate: JSONSchemaProps) => validateValue(value, candidate, path).length === 0;
  const refuse = (why: string) => causes.push(invalidValue(path || '<nil>', '', `${JSON.stringify(path)} ${why}`));
  for (const part of schema.allOf ?? []) check(causes, value, part, path);
  if (schema.anyOf?.length && !schema.anyOf.some(fits)) refuse('must validate at least one schema (anyOf)');
  if (schema.oneOf?.length) {
    const count = schema.oneOf.filter(fits).length;
    const found = count === 0 ? 'none' : String(count);
    if (count !== 1)
      refuse(`must validate one and only one schema (oneOf). Found ${found} valid${count ? ' alternatives' : ''}`);
  }
  if (schema.not && fits(schema.not)) refuse('must not validate the schema (not)');
}
