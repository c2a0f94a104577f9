import { parsePath } from '../../../lib/api/jsonpath.ts';
import type { KubeObject } from '../../../lib/api/object.ts';
import type { Cause } from '../../../lib/api/status.ts';
import type { CustomResourceDefinitionVersion, JSONSchemaProps } from '../../../lib/api/types.ts';
import type { KindRules } from '../contract.ts';
import { applyDefaults } from './structural.ts';
import { schemaOf } from './type.ts';
import { validateValue } from './validate.ts';

/** What a custom resource obeys: its schema, and the subresources that its definition opens. */
export function rulesOf(version: CustomResourceDefinitionVersion): KindRules {
  const schema = schemaOf(version);
  const hasStatus = version.subresources?.status !== undefined;
  const validate = (object: KubeObject) => validateObject(object, schema);
  return {
    defaults: (object) => applyDefaults(object, schema),
    prepareForCreate(object) {
      if (hasStatus) delete object.status;
    },
    prepareForUpdate(object, old) {
      if (hasStatus) setStatus(object, old.status);
    },
    prepareForStatusUpdate(object, old) {
      const { status } = object;
      for (const field of Object.keys(object)) delete object[field];
      Object.assign(object, structuredClone(old));
      setStatus(object, status);
    },
    validate,
    validateUpdate: validate,
    validateStatusUpdate: validate,
    generationFrom: generationFields(schema, hasStatus),
    unconditionalUpdate: false,
    selectableFields: Object.fromEntries((version.selectableFields ?? []).map(({ jsonPath }) => selectable(jsonPath))),
  };
}

function setStatus(object: KubeObject, status: unknown): void {
  if (status === undefined) delete object['status'];
  else object['status'] = status;
}

function validateObject(
  { apiVersion: _apiVersion, kind: _kind, metadata, ...rest }: KubeObject,
  schema: JSONSchemaProps,
): Cause[] {
  const { apiVersion: _a, kind: _k, metadata: metadataSchema, ...properties } = schema.properties ?? {};
  const required = schema.required?.filter((name) => !['apiVersion', 'kind', 'metadata'].includes(name));
  const causes = validateValue(rest, { ...schema, properties, ...(required ? { required } : {}) }, '');
  // A schema may restrict metadata.name and generateName, and nothing else of metadata.
  return metadataSchema ? [...causes, ...validateValue(metadata, metadataSchema, 'metadata')] : causes;
}

/** Everything that a user wants: all but metadata, and status where it has a door of its own. */
function generationFields(schema: JSONSchemaProps, hasStatus: boolean): string[] {
  const own = ['apiVersion', 'kind', 'metadata', ...(hasStatus ? ['status'] : [])];
  return ['spec', ...Object.keys(schema.properties ?? {})].filter((field) => !own.includes(field));
}

function selectable(jsonPath: string): [string, (object: KubeObject) => string] {
  const read = parsePath(jsonPath);
  return [jsonPath.replace(/^\./, ''), (object) => String(read(object)[0] ?? '')];
}
