import { createHash } from 'node:crypto';
import { customSchemas } from '../custom/openapi.ts';
import type { ResourceTable, ResourceType } from '../registry/resource-table.ts';
import type { OpenapiDocument } from './openapi.ts';
import { operations } from './paths.ts';

type Schemas = Readonly<Record<string, object>>;

interface Cached {
  generation: number;
  index?: OpenapiDocument;
  byPath: Map<string, OpenapiDocument>;
}

const cache = new WeakMap<ResourceTable, Cached>();

function cached(table: ResourceTable): Cached {
  let known = cache.get(table);
  if (known?.generation !== table.generation) {
    known = { generation: table.generation, byPath: new Map() };
    cache.set(table, known);
  }
  return known;
}

/** `apis/apps/v1` and where its document is, with a hash so that clients may keep it. */
export async function indexV3(table: ResourceTable): Promise<OpenapiDocument> {
  const known = cached(table);
  if (known.index) return known.index;
  const paths: Record<string, { serverRelativeURL: string }> = {};
  for (const [path, types] of byGroupVersion(table)) {
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hashOf(types)}` };
  }
  known.index = document(Buffer.from(JSON.stringify({ paths })));
  return known.index;
}

/** The hash need not see the document: it changes with the release and with the types it is made of. */
function hashOf(types: readonly ResourceType[]): string {
  const names = types.map((type) => [
    type.resource,
    type.kind,
    type.verbs,
    [...type.subresources.keys()],
    type.custom?.schema,
  ]);
  return createHash('sha512').update(JSON.stringify(names)).digest('hex').toUpperCase();
}

export async function documentV3(table: ResourceTable, path: string): Promise<OpenapiDocument | undefined> {
  const known = cached(table);
  const found = known.byPath.get(path);
  if (found) return found;
  const types = byGroupVersion(table).get(path);
  if (!types) return undefined;
  const { default: schemas } = await import('../../../lib/api/data/schemas-openapi-v3.json', {
    with: { type: 'json' },
  });
  const made = document(
    Buffer.from(JSON.stringify(specV3(types, { ...(schemas as unknown as Schemas), ...customSchemas(types, 'v3') }))),
  );
  known.byPath.set(path, made);
  return made;
}

function byGroupVersion(table: ResourceTable): Map<string, ResourceType[]> {
  const groups = new Map<string, ResourceType[]>();
  for (const type of table.all()) {
    const path = type.group ? `apis/${type.group}/${type.version}` : `api/${type.version}`;
    groups.set(path, [...(groups.get(path) ?? []), type]);
  }
  return groups;
}

function document(bytes: Uint8Array): OpenapiDocument {
  return { bytes, etag: createHash('sha512').update(bytes).digest('hex').toUpperCase() };
}

function specV3(types: readonly ResourceType[], all: Schemas): object {
  const paths = Object.assign({}, ...types.map((type) => operations(type, 'v3')));
  const info = { title: 'Kubernetes', version: 'v1.37.2' };
  return { openapi: '3.0.0', info, paths, components: { schemas: reachable(types, all) } };
}

const REF = /"#\/components\/schemas\/([^"]+)"/g;

/** The kinds of a group version and everything that they refer to. */
function reachable(types: readonly ResourceType[], all: Schemas): Record<string, object> {
  const wanted = kindNames(types, all);
  const found: Record<string, object> = {};
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    const schema = all[name];
    if (!schema || found[name]) continue;
    found[name] = schema;
    for (const match of JSON.stringify(schema).matchAll(REF)) wanted.push(match[1]!);
  }
  return found;
}

interface WithKinds {
  'x-kubernetes-group-version-kind'?: readonly { group: string; version: string; kind: string }[];
}

function kindNames(types: readonly ResourceType[], all: Schemas): string[] {
  const kinds = new Set<string>();
  const add = (type: { group: string; version: string; kind: string }) =>
    kinds.add(`${type.group}/${type.version}/${type.kind}`);
  for (const type of types) {
    add(type);
    add({ ...type, kind: type.listKind });
    for (const sub of type.subresources.values()) add(sub);
  }
  return Object.keys(all).filter((name) =>
    (all[name] as WithKinds)['x-kubernetes-group-version-kind']?.some(({ group, version, kind }) =>
      kinds.has(`${group}/${version}/${kind}`),
    ),
  );
}
