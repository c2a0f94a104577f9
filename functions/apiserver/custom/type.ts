import type { KubeObject } from '../../../lib/api/object.ts';
import type { ResourceInfo, SubresourceInfo } from '../../../lib/api/resources.ts';
import { type Decoded, type SchemaOptions, validateSchema } from '../../../lib/api/schema.ts';
import { badRequest } from '../../../lib/api/status.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '../../../lib/api/types.ts';
import type { CustomType } from '../registry/resource-table.ts';
import { ownershipSchema } from './ownership-schema.ts';
import { prune } from './structural.ts';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const SUBRESOURCE_VERBS = ['get', 'patch', 'update'];
const AGE = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/** A version of a CustomResourceDefinition as a row of the resource table. */
export function infoOf({ spec }: CustomResourceDefinition, version: CustomResourceDefinitionVersion): ResourceInfo {
  const { group, names, scope } = spec;
  return {
    group,
    version: version.name,
    resource: names.plural,
    kind: names.kind,
    singular: names.singular ?? names.kind.toLowerCase(),
    namespaced: scope === 'Namespaced',
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    verbs: VERBS,
    subresources: subresourcesOf(group, version, names.kind),
  };
}

function subresourcesOf(
  group: string,
  { name, subresources }: CustomResourceDefinitionVersion,
  kind: string,
): Map<string, SubresourceInfo> {
  const found = new Map<string, SubresourceInfo>();
  const verbs = SUBRESOURCE_VERBS;
  if (subresources?.status) found.set('status', { group, version: name, kind, verbs });
  if (subresources?.scale) found.set('scale', { group: 'autoscaling', version: 'v1', kind: 'Scale', verbs });
  return found;
}

export function schemaOf(version: CustomResourceDefinitionVersion): JSONSchemaProps {
  return version.schema?.openAPIV3Schema ?? { 'x-kubernetes-preserve-unknown-fields': true };
}

export function customTypeOf(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
): CustomType {
  const { names, group, preserveUnknownFields } = definition.spec;
  const schema = schemaOf(version);
  return {
    definition: definition.metadata?.name ?? '',
    listKind: names.listKind ?? `${names.kind}List`,
    schema,
    deprecation: version.deprecated ? (version.deprecationWarning ?? deprecation(definition, version)) : undefined,
    ownership: ownershipSchema(schema),
    printerColumns: (version.additionalPrinterColumns ?? [AGE]) as CustomType['printerColumns'],
    scale: version.subresources?.scale,
    decode: (object, options) =>
      decode(
        object,
        { group, version: version.name, kind: names.kind },
        preserveUnknownFields ? undefined : schema,
        options,
      ),
  };
}

function deprecation({ spec }: CustomResourceDefinition, { name }: CustomResourceDefinitionVersion): string {
  return `${spec.group}/${name} ${spec.names.kind} is deprecated`;
}

/** A built-in kind that is nothing but its metadata, to read metadata by. */
const BARE_KIND = { group: '', version: 'v1', kind: 'ConfigMap' };

/** Reads a custom resource: metadata by its Go type, the rest by its schema. The object given is changed. */
function decode(
  object: KubeObject,
  type: { group: string; version: string; kind: string },
  schema: JSONSchemaProps | undefined,
  { fieldValidation, text }: SchemaOptions,
): Decoded {
  const { apiVersion, kind, metadata, ...rest } = object;
  const bare = validateSchema(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata },
    BARE_KIND,
    text === undefined ? { fieldValidation } : { fieldValidation: 'Warn' },
  );
  const unknown = schema ? prune(rest, schema) : [];
  const warnings =
    fieldValidation === 'Ignore'
      ? []
      : [...bare.warnings, ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`)];
  if (warnings.length && fieldValidation === 'Strict') {
    const intro = `${type.kind} in version ${JSON.stringify(type.version)} cannot be handled as a ${type.kind}`;
    throw badRequest(`${intro}: strict decoding error: ${warnings.join(', ')}`);
  }
  return { object: { kind, apiVersion, metadata: bare.object.metadata, ...rest }, warnings };
}
