// Makes lib/api/data/*.json and lib/api/types.ts from a folder that describes the Kubernetes API surface as data.
// usage: node scripts/generate-api.ts FOLDER      (run by hand when the Kubernetes version moves; the results are committed)
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  required?: string[];
  enum?: string[];
}

const from = process.argv[2];
if (!from) throw new Error('usage: node scripts/generate-api.ts FOLDER');
const api = join(import.meta.dirname, '../lib/api');
const files = ['discovery.json', 'protobuf.json', 'schemas.json', 'schemas-openapi-v3.json', 'table-columns.json'];
mkdirSync(join(api, 'data'), { recursive: true });
for (const file of files) copyFileSync(join(from, file), join(api, 'data', file));

const schemas: Record<string, Schema> = JSON.parse(readFileSync(join(from, 'schemas.json'), 'utf8'));
// One type a kind: where groups share a short name (core and events.k8s.io Event), all but core's carry their group.
const preferred = ['io.k8s.apimachinery.', 'io.k8s.api.core.'];
const names = new Map<string, string>();
const taken = new Set<string>();
const rank = (name: string) => preferred.findIndex((p) => name.startsWith(p)) >>> 0;
for (const name of Object.keys(schemas).sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))) {
  const parts = name.split('.');
  let short = parts.at(-1)!;
  if (taken.has(short)) short = `${capital(parts.at(-3)!)}${short}`;
  if (taken.has(short)) short = `${capital(parts.at(-3)!)}${capital(parts.at(-2)!)}${parts.at(-1)}`;
  if (taken.has(short)) throw new Error(`two schemas named ${short}`);
  taken.add(short);
  names.set(name, short);
}

const lines = [
  '// Made by scripts/generate-api.ts from the Kubernetes 1.37 API surface. Do not edit.',
  '// Every field that the schemas do not require is optional; int-or-string fields are `IntOrString`, quantities `Quantity`.',
  '',
];
for (const [name, schema] of Object.entries(schemas)) lines.push(...declare(names.get(name)!, name, schema), '');
writeFileSync(join(api, 'types.ts'), `${lines.join('\n')}`);

function capital(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}

function declare(short: string, name: string, schema: Schema): string[] {
  if (
    name.endsWith('.FieldsV1') ||
    name.endsWith('.RawExtension') ||
    short === 'JSON' ||
    short.startsWith('JSONSchemaPropsOr')
  )
    return [`export type ${short} = any;`];
  if (!schema.properties) return [`export type ${short} = ${typeOf(schema)};`];
  const required = new Set(schema.required);
  const fields = Object.entries(schema.properties).map(([field, value]) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(field) ? field : `'${field}'`;
    return `  ${key}${required.has(field) ? '' : '?'}: ${typeOf(value)}${required.has(field) ? '' : ' | undefined'};`;
  });
  return [`export interface ${short} {`, ...fields, '}'];
}

function typeOf(schema: Schema): string {
  if (schema.$ref) return names.get(schema.$ref.replace('#/definitions/', '')) ?? 'any';
  if (schema.enum)
    return schema.enum
      .map((v) => `'${v}'`)
      .join(' | ')
      .concat(' | (string & {})');
  if (schema.format === 'int-or-string') return 'number | string';
  if (schema.type === 'array') return wrap(typeOf(schema.items ?? {}));
  if (schema.type === 'object')
    return schema.additionalProperties
      ? `Record<string, ${typeOf(schema.additionalProperties)}>`
      : 'Record<string, any>';
  if (schema.type === 'integer' || schema.type === 'number') return 'number';
  if (schema.type === 'string') return 'string';
  if (schema.type === 'boolean') return 'boolean';
  return 'any';
}

function wrap(type: string): string {
  return type.includes(' ') ? `(${type})[]` : `${type}[]`;
}
