import type { CustomResourceDefinition } from '../../../lib/api/types.ts';
import type { Item } from '../../../lib/storage/contract.ts';
import type { Call } from '../registry/call.ts';
import { deleteItem } from '../registry/delete.ts';
import { checked } from '../registry/delete-options.ts';
import { rewrite } from '../registry/rewrite.ts';
import { decodeStored, encodeStored } from '../registry/stored.ts';
import { refreshCustomResources } from './custom-resources.ts';

const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io';
/** Holds a definition while objects of it are left. Source: apiextensions-apiserver/pkg/controller/finalizer. */
const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io';
const CONCURRENCY = 500;

export function isDefinition(call: Call): boolean {
  return call.type.storage === DEFINITIONS;
}

/** A definition goes with everything made by it: deletes the objects, and holds the definition for those that wait. */
export async function deleteInstances(call: Call, item: Item): Promise<void> {
  const definition = decodeStored(item.value) as CustomResourceDefinition;
  await refreshCustomResources(call.server);
  const version = definition.spec.versions.find(({ served }) => served);
  const type =
    version && call.server.resources.lookup(definition.spec.group, version.name, definition.spec.names.plural);
  if (!type) return;
  const prefix = `${type.storage}/`;
  const { items } = await call.server.store.list(prefix);
  const options = checked({});
  for (let start = 0; start < items.length; start += CONCURRENCY) {
    const some = items.slice(start, start + CONCURRENCY);
    await Promise.all(some.map((instance) => deleteItem(callFor(call, type, instance), instance, options)));
  }
  const left = await call.server.store.list(prefix, { limit: 1 });
  if (left.items.length === 0) return;
  await rewrite(call.server, call.type, { namespace: '', name: call.info.name }, false, ({ metadata }) => {
    metadata.finalizers = [...(metadata.finalizers ?? []), CLEANUP];
  });
}

function callFor(call: Call, type: Call['type'], { key }: Item): Call {
  const [, ...rest] = key.split('/');
  const [namespace, name] = type.namespaced ? rest : ['', rest[0]];
  const info = { ...call.info, group: type.group, version: type.version, resource: type.resource };
  return { ...call, type, info: { ...info, namespace: namespace ?? '', name: name ?? '', verb: 'delete' } };
}

/** The last object of a definition that is going lets it go. */
export async function finishDefinition({ server, type }: Call): Promise<void> {
  if (!type.custom) return;
  const definitions = server.resources.lookup('apiextensions.k8s.io', 'v1', 'customresourcedefinitions')!;
  const item = await server.store.get(`${DEFINITIONS}/${type.custom.definition}`);
  if (!item || !decodeStored(item.value).metadata.deletionTimestamp) return;
  if ((await server.store.list(`${type.storage}/`, { limit: 1 })).items.length > 0) return;
  const object = decodeStored(item.value);
  const value = (revision: number) => encodeStored(definitions, object, revision);
  await server.store.commit([{ op: 'delete', key: item.key, revision: item.revision, value }]);
}
