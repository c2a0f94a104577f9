import type { ResourceType } from '../registry/resource-table.ts';

/** Which HTTP method serves a verb, and whether it is of one object or a collection. */
const METHODS: readonly { verb: string; method: string; action: string; collection: boolean }[] = [
  { verb: 'list', method: 'get', action: 'list', collection: true },
  { verb: 'create', method: 'post', action: 'post', collection: true },
  { verb: 'deletecollection', method: 'delete', action: 'deletecollection', collection: true },
  { verb: 'get', method: 'get', action: 'get', collection: false },
  { verb: 'update', method: 'put', action: 'put', collection: false },
  { verb: 'patch', method: 'patch', action: 'patch', collection: false },
  { verb: 'delete', method: 'delete', action: 'delete', collection: false },
];

/** Verbs whose parameters tell clients what the server can do: kubectl looks for dryRun and fieldValidation here. */
const DRY_RUN_VERBS = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
const FIELD_VALIDATION_VERBS = new Set(['create', 'update', 'patch']);

/** The paths of a resource with what clients read of them: methods, kinds and the parameters they probe for. */
export function operations(type: ResourceType, format: 'v2' | 'v3'): Record<string, object> {
  const root = type.group ? `/apis/${type.group}/${type.version}` : `/api/${type.version}`;
  const collection = type.namespaced ? `${root}/namespaces/{namespace}/${type.resource}` : `${root}/${type.resource}`;
  const paths: Record<string, object> = {};
  const add = (path: string, verbs: readonly string[], many: boolean, kind: Kind) => {
    const entries = METHODS.filter((entry) => entry.collection === many && verbs.includes(entry.verb));
    if (entries.length === 0) return;
    const methods = entries.map(({ verb, method, action }) => [
      method,
      operation(verb, action, kind, format, type.custom !== undefined),
    ]);
    paths[path] = { ...Object.fromEntries(methods), parameters: pathParameters(path, format) };
  };
  add(collection, type.verbs, true, type);
  if (type.namespaced && type.verbs.includes('list')) add(`${root}/${type.resource}`, ['list'], true, type);
  add(`${collection}/{name}`, type.verbs, false, type);
  for (const [name, sub] of type.subresources) {
    const path = `${collection}/{name}/${name}`;
    add(path, sub.verbs, false, sub);
    if (sub.verbs.includes('create')) add(path, ['create'], true, sub);
  }
  return paths;
}

interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

function operation(
  verb: string,
  action: string,
  { group, version, kind }: Kind,
  format: 'v2' | 'v3',
  isCustom: boolean,
): object {
  const names = [
    ...(DRY_RUN_VERBS.has(verb) ? ['dryRun'] : []),
    ...(FIELD_VALIDATION_VERBS.has(verb) ? ['fieldManager', 'fieldValidation'] : []),
    ...(verb === 'patch' ? ['force'] : []),
  ];
  return {
    ...(names.length ? { parameters: names.map((name) => parameter(name, 'query', format)) } : {}),
    ...(verb === 'patch' ? patchBodies(format, isCustom) : {}),
    responses: { 200: { description: 'OK' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, kind, version },
  };
}

const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

/** kubectl apply reads here whether a kind takes strategic merge patches: custom resources do not. */
function patchBodies(format: 'v2' | 'v3', isCustom: boolean): object {
  const types = PATCH_TYPES.filter((type) => !isCustom || !type.includes('strategic'));
  if (format === 'v2') return { consumes: types };
  return { requestBody: { content: Object.fromEntries(types.map((type) => [type, {}])), required: true } };
}

function parameter(name: string, where: 'query' | 'path', format: 'v2' | 'v3'): object {
  const type = name === 'force' ? 'boolean' : 'string';
  const described = { in: where, name, ...(where === 'path' ? { required: true } : {}) };
  return format === 'v2'
    ? { ...described, type, uniqueItems: true }
    : { ...described, schema: { type, uniqueItems: true } };
}

function pathParameters(path: string, format: 'v2' | 'v3'): object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map((match) => parameter(match[1]!, 'path', format));
}
