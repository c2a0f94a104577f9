import type { KubeObject } from '../../../lib/api/object.ts';
import { type Cause, conflict, invalid, notFound, OBJECT_MODIFIED, StatusError } from '../../../lib/api/status.ts';
import { type Item, StoreError, type Write } from '../../../lib/storage/contract.ts';
import { viewOf } from '../../../lib/storage/view.ts';
import { forbiddenError } from '../authorization/forbidden.ts';
import { finishDefinition } from '../custom/deletion.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../kinds/metadata.ts';
import { attributes, mutate, validate } from './admit.ts';
import { trackOwners } from './apply.ts';
import type { Answer, Call } from './call.ts';
import { createObject, lostCompanionRace, ruleContext } from './create.ts';
import {
  dedupOwnerReferences,
  matchNamespace,
  metadataOptions,
  type WithMeta,
  wipeSystemFields,
  withMeta,
} from './metadata.ts';
import type { WriteOptions } from './options.ts';
import { checkedKind, keyOf, type ResourceType } from './resource-table.ts';
import { storeFailure } from './store-failure.ts';
import { decodeFor, encodeStored, sameContent } from './stored.ts';

/** One way of changing a stored object: update, patch, a subresource. */
export interface Change {
  readonly options: WriteOptions;
  /** The wanted state from a fresh copy of the present one, which it may change; undefined: there is none. */
  next(old: WithMeta | undefined): KubeObject | Promise<KubeObject>;
  /** Which parts this way may change, and what must hold afterwards. */
  readonly strategy: UpdateStrategy;
  /** A name that is not there is made. */
  readonly createIfAbsent?: boolean;
  /** `next` says who owns which field: an apply. */
  readonly ownsFields?: boolean;
}

export interface UpdateStrategy {
  prepare(call: Call, object: WithMeta, old: WithMeta): void;
  validate(call: Call, object: WithMeta, old: WithMeta): Cause[];
}

/** A write that names no resourceVersion tries again this often over concurrent ones. */
const MAX_ATTEMPTS = 100;

/** Read, change, write if nothing moved; again if something did. Source: Store.Update of k8s.io/apiserver registry/generic. */
export async function guaranteedUpdate(call: Call, change: Change): Promise<Answer> {
  const { type, info, server } = call;
  const key = keyOf(type, info.namespace, info.name);
  for (let attempt = 1; ; attempt++) {
    // What others wrote since the request began shows at the commit.
    const reads = attempt === 1 ? viewOf(server.store) : server.store;
    const item = await reads.get(key);
    if (!item) return createAbsent(call, change);
    try {
      return await updateOnce(call, change, item);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (!mayRetry(error, key) || attempt === MAX_ATTEMPTS) throw storeFailure(error, type, info.name);
    }
  }
}

function mayRetry(error: StoreError, key: string): boolean {
  return error.reason === 'Conflict' || error.reason === 'NotFound' || lostCompanionRace(error, key);
}

async function createAbsent(call: Call, change: Change): Promise<Answer> {
  const { type, info } = call;
  if (!change.createIfAbsent) throw notFound(type, info.name);
  const attributes = { ...info, verb: 'create', user: call.user };
  const decision = await call.server.authorize(attributes);
  if (!decision.allowed) throw forbiddenError(attributes, decision.reason);
  const object = withMeta(await change.next(undefined));
  const { managedFields } = object.metadata;
  wipeSystemFields(object.metadata);
  delete object.metadata.resourceVersion;
  if (change.ownsFields && managedFields) object.metadata.managedFields = managedFields;
  object.metadata.name = info.name;
  matchNamespace(call, object.metadata);
  return createObject({ ...call, info: { ...info, verb: 'create' } }, object, change.options);
}

async function updateOnce(call: Call, change: Change, item: Item): Promise<Answer> {
  const { type } = call;
  const old = withMeta(decodeFor(type, item.value));
  const object = withMeta(await change.next(withMeta(decodeFor(type, item.value))));
  checkVersion(call, object, old);
  keepSystemFields(object, old);
  matchNamespace(call, object.metadata);
  dedupOwnerReferences(call, object.metadata);
  type.rules.defaults?.(object);
  const given = attributes(call, { operation: 'UPDATE', object, oldObject: old, dryRun: change.options.dryRun });
  await mutate(call, given);
  change.strategy.prepare(call, object, old);
  raiseGeneration(type, object, old);
  if (!change.ownsFields) trackOwners(call, object, old, change.options);
  const causes = change.strategy.validate(call, object, old);
  if (causes.length) throw invalid(checkedKind(type), call.info.name, causes);
  if (type.rules.warnings && !call.info.subresource) call.warnings.push(...type.rules.warnings(object, old));
  await validate(call, given);
  return write(call, change.options, item, object, old);
}

/** What a PUT asks for: the given object, which may name the uid of the one it replaces. */
export function replacement(call: Call, wanted: WithMeta): Change['next'] {
  return (old) => {
    const { uid } = wanted.metadata;
    const present = old?.metadata.uid ?? '';
    if (uid && uid !== present) throw conflict(call.type, call.info.name, uidMismatch(call, uid, present));
    return structuredClone(wanted);
  };
}

/** Source: storage.Preconditions.Check of k8s.io/apiserver. */
function uidMismatch({ type, info }: Call, wanted: string, actual: string): string {
  const key = ['/registry', type.resource, ...(type.namespaced ? [info.namespace] : []), info.name].join('/');
  return `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${actual}`;
}

/** Which resourceVersion the request speaks of. */
function checkVersion(call: Call, { metadata }: WithMeta, old: WithMeta): void {
  const { type, info } = call;
  if (!metadata.resourceVersion || metadata.resourceVersion === '0') {
    if (type.rules.unconditionalUpdate !== false) return;
    throw invalid({ group: type.group, kind: type.resource }, info.name, [
      {
        reason: 'FieldValueInvalid',
        message: 'Invalid value: 0: must be specified for an update',
        field: 'metadata.resourceVersion',
      },
    ]);
  }
  if (metadata.resourceVersion === old.metadata.resourceVersion) return;
  if (/^\d+$/.test(metadata.resourceVersion)) throw conflict(type, info.name, OBJECT_MODIFIED);
  const text = JSON.stringify(metadata.resourceVersion);
  throw new StatusError(500, '', `strconv.ParseUint: parsing ${text}: invalid syntax`);
}

/** What no update changes. Source: rest.BeforeUpdate. */
function keepSystemFields({ metadata }: WithMeta, { metadata: old }: WithMeta): void {
  metadata.resourceVersion = old.resourceVersion;
  metadata.uid ||= old.uid;
  metadata.creationTimestamp = old.creationTimestamp;
  metadata.generation = old.generation;
  if (old.deletionTimestamp) metadata.deletionTimestamp = old.deletionTimestamp;
  if (old.deletionGracePeriodSeconds !== undefined) {
    metadata.deletionGracePeriodSeconds ??= old.deletionGracePeriodSeconds;
  }
}

/** metadata.generation rises when what a user wants changes. */
function raiseGeneration(type: ResourceType, object: WithMeta, old: WithMeta): void {
  const from = type.rules.generationFrom;
  if (!from || from.every((field) => sameContent(object[field], old[field]))) return;
  object.metadata.generation = (old.metadata.generation ?? 0) + 1;
}

async function write(call: Call, options: WriteOptions, item: Item, object: WithMeta, old: WithMeta): Promise<Answer> {
  const { type, server } = call;
  if (endsDeletion(type, object, old)) return remove(call, options, item, object);
  // Source: GuaranteedUpdate of k8s.io/apiserver storage/etcd3: what is stored stale is written even if nothing changes.
  if (sameContent(object, old) && !item.stale) return { status: 200, value: item.value };
  const { dryRun } = options;
  const companions = (await type.rules.companionWrites?.({ operation: 'update', object, old, dryRun })) ?? [];
  if (dryRun) return { status: 200, value: encodeStored(type, object, item.revision) };
  const update: Write = {
    op: 'update',
    key: item.key,
    revision: item.revision,
    value: (revision) => encodeStored(type, object, revision),
  };
  const result = await server.store.commit([update, ...companions]);
  return { status: 200, value: result.items[0]!.value };
}

/** The last finalizer of an object that was waiting for it went. Source: ShouldDeleteDuringUpdate. */
function endsDeletion(type: ResourceType, object: WithMeta, old: WithMeta): boolean {
  const { metadata } = object;
  if (metadata.finalizers?.length || !old.metadata.deletionTimestamp || metadata.deletionGracePeriodSeconds)
    return false;
  if (type.storage === 'namespaces') return !object['spec']?.finalizers?.length;
  return Boolean(old.metadata.finalizers?.length);
}

async function remove(call: Call, { dryRun }: WriteOptions, item: Item, object: WithMeta): Promise<Answer> {
  const { type, server } = call;
  if (dryRun) return { status: 200, value: encodeStored(type, object, item.revision) };
  const companions = (await type.rules.companionWrites?.({ operation: 'delete', object, dryRun })) ?? [];
  const deletion: Write = {
    op: 'delete',
    key: item.key,
    revision: item.revision,
    value: (revision) => encodeStored(type, object, revision),
  };
  const result = await server.store.commit([deletion, ...companions]);
  if (type.custom) await finishDefinition(call);
  return { status: 200, value: result.items[0]!.value };
}

/** The main resource: everything but status. */
export const mainStrategy: UpdateStrategy = {
  prepare(call, object, old) {
    const { prepareForUpdate } = call.type.rules;
    if (prepareForUpdate) prepareForUpdate(object, old, ruleContext(call));
    else if (call.type.subresources.has('status')) keepStatus(object, old);
  },
  validate(call, object, old) {
    const { type } = call;
    const causes = metadataCauses(object, old, type);
    if (type.rules.validateUpdate) causes.push(...type.rules.validateUpdate(object, old));
    else if (type.rules.validate) causes.push(...type.rules.validate(object));
    return causes;
  },
};

/** Status has a door of its own. */
function keepStatus(object: WithMeta, old: WithMeta): void {
  if (old['status'] === undefined) delete object['status'];
  else object['status'] = old['status'];
}

export function metadataCauses(object: WithMeta, old: WithMeta, type: ResourceType): Cause[] {
  const options = metadataOptions(type);
  // Unchanged metadata was valid when it was stored.
  if (sameContent(object.metadata, old.metadata)) return [];
  const causes = validateObjectMetaUpdate(object.metadata, old.metadata, options);
  return causes.length ? causes : validateObjectMeta(object.metadata, options);
}
