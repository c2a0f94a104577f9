import { conflict, notFound } from '../../../lib/api/status.ts';
import { type Item, StoreError, type Write } from '../../../lib/storage/contract.ts';
import { viewOf } from '../../../lib/storage/view.ts';
import { deleteInstances, finishDefinition, isDefinition } from '../custom/deletion.ts';
import { attributes, mutate, validate } from './admit.ts';
import type { Answer, Call } from './call.ts';
import { lostCompanionRace } from './create.ts';
import { type DeleteOptions, deleteOptions } from './delete-options.ts';
import { type WithMeta, withMeta } from './metadata.ts';
import { planDeletion } from './plan-deletion.ts';
import { keyOf, type ResourceType } from './resource-table.ts';
import { storeFailure } from './store-failure.ts';
import { decodeFor, encodeStored } from './stored.ts';

/** A deletion that meets concurrent writes looks again this often. */
const MAX_ATTEMPTS = 100;

export async function remove(call: Call): Promise<Answer> {
  const options = await deleteOptions(call);
  const { type, info, server } = call;
  const item = await viewOf(server.store).get(keyOf(type, info.namespace, info.name));
  if (!item) throw notFound(type, info.name);
  if (isDefinition(call) && !options.dryRun) return deleteDefinition(call, options, item);
  return answer(call, options, await deleteItem(call, item, options));
}

/** The objects go first, which may change the definition. */
async function deleteDefinition(call: Call, options: DeleteOptions, item: Item): Promise<Answer> {
  checkPreconditions(call.type, withMeta(decodeFor(call.type, item.value)), options);
  await deleteInstances(call, item);
  const fresh = await call.server.store.get(item.key);
  if (!fresh) throw notFound(call.type, call.info.name);
  return answer(call, options, await deleteItem(call, fresh, { ...options, resourceVersion: undefined }));
}

export interface Deletion {
  /** It is gone, not waiting for a finalizer or a graceful end. */
  removed: boolean;
  value: Uint8Array;
}

/** Deletes one stored object as the options say. */
export async function deleteItem(call: Call, first: Item, options: DeleteOptions): Promise<Deletion> {
  const { type, server } = call;
  let item: Item | undefined = first;
  for (let attempt = 1; item; attempt++) {
    try {
      return await deleteOnce(call, item, options);
    } catch (error) {
      const again = error instanceof StoreError && (error.reason === 'Conflict' || lostCompanionRace(error, item.key));
      if (!again || attempt === MAX_ATTEMPTS) throw storeFailure(error, type, nameOf(item));
      item = await server.store.get(item.key);
    }
  }
  throw notFound(type, nameOf(first));
}

async function deleteOnce(call: Call, item: Item, options: DeleteOptions): Promise<Deletion> {
  const { type, server } = call;
  const object = withMeta(decodeFor(type, item.value));
  checkPreconditions(type, object, options);
  await admitDeletion(call, item, options);
  const plan = planDeletion(type, object, options, server.clock.now());
  if (plan.action === 'nothing') return { removed: false, value: item.value };
  const removed = plan.action === 'remove';
  if (options.dryRun) return { removed, value: encodeStored(type, plan.object, item.revision) };
  const value = await commitDeletion(call, item, plan.object, removed);
  if (removed && type.custom) await finishDefinition(call);
  return { removed, value };
}

async function commitDeletion(call: Call, item: Item, object: WithMeta, removed: boolean): Promise<Uint8Array> {
  const { type, server } = call;
  const companions = removed
    ? ((await type.rules.companionWrites?.({ operation: 'delete', object, dryRun: false })) ?? [])
    : [];
  const write: Write = {
    op: removed ? 'delete' : 'update',
    key: item.key,
    revision: item.revision,
    value: (revision) => encodeStored(type, object, revision),
  };
  return (await server.store.commit([write, ...companions])).items[0]!.value;
}

async function admitDeletion(call: Call, item: Item, options: DeleteOptions): Promise<void> {
  if (call.server.admission.length === 0) return;
  const oldObject = decodeFor(call.type, item.value);
  const info = call.info.name ? call.info : { ...call.info, name: nameOf(item) };
  const given = { ...attributes(call, { operation: 'DELETE', oldObject, dryRun: options.dryRun }), info };
  await mutate(call, given);
  await validate(call, given);
}

function checkPreconditions(type: ResourceType, { metadata }: WithMeta, { uid, resourceVersion }: DeleteOptions): void {
  const kind = { group: type.group, resource: type.kind };
  if (uid !== undefined && uid !== metadata.uid) {
    throw conflict(
      kind,
      metadata.name!,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw conflict(
      kind,
      metadata.name!,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
  }
}

function nameOf(item: Item): string {
  return item.key.slice(item.key.lastIndexOf('/') + 1);
}

/** Kinds whose deletion answers with the object, not a Status. Source: ReturnDeletedObject in pkg/registry of Kubernetes. */
const RETURNS_OBJECT = new Set([
  'namespaces',
  'persistentvolumeclaims',
  'persistentvolumes',
  'pods',
  'podtemplates',
  'resourcequotas',
  'serviceaccounts',
  'services',
  'csidrivers.storage.k8s.io',
  'csinodes.storage.k8s.io',
  'storageclasses.storage.k8s.io',
  'volumeattachments.storage.k8s.io',
  'volumeattributesclasses.storage.k8s.io',
  'deviceclasses.resource.k8s.io',
  'resourceclaims.resource.k8s.io',
  'resourceclaimtemplates.resource.k8s.io',
  'resourceslices.resource.k8s.io',
]);

function answer(call: Call, options: DeleteOptions, { removed, value }: Deletion): Answer {
  const { type } = call;
  if (!removed || RETURNS_OBJECT.has(type.storage)) {
    return { status: !removed && options.orphanDependents === false ? 202 : 200, value };
  }
  const { name, uid } = decodeFor(type, value).metadata!;
  const group = type.group ? { group: type.group } : {};
  const details = { name, ...group, kind: type.resource, uid };
  return {
    status: 200,
    object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details },
  };
}
