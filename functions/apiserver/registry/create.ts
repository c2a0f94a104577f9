import { validateSchema } from '../../../lib/api/schema.ts';
import { alreadyExists, type Cause, invalid, qualified, StatusError } from '../../../lib/api/status.ts';
import { timestamp } from '../../../lib/runtime/clock.ts';
import { StoreError, type Write } from '../../../lib/storage/contract.ts';
import type { RuleContext } from '../contract.ts';
import { validateObjectMeta } from '../kinds/metadata.ts';
import { attributes, mutate, validate } from './admit.ts';
import type { Answer, Call } from './call.ts';
import {
  dedupOwnerReferences,
  fillSystemFields,
  generateName,
  matchNamespace,
  metadataOptions,
  type WithMeta,
  wipeSystemFields,
  withMeta,
} from './metadata.ts';
import { type WriteOptions, writeOptions } from './options.ts';
import { readObject } from './read-object.ts';
import { checkedKind, keyOf } from './resource-table.ts';
import { storeFailure } from './store-failure.ts';
import { decodeStored, encodeStored } from './stored.ts';

/** names.go: how often a generated name that is taken is drawn again. */
const MAX_NAME_ATTEMPTS = 8;

export async function create(call: Call): Promise<Answer> {
  const options = writeOptions(call, 'CreateOptions');
  const object = withMeta(await readObject(call, options));
  wipeSystemFields(object.metadata);
  matchNamespace(call, object.metadata);
  return createObject(call, object, options);
}

/** From a decoded object to stored bytes: what POST does, and PUT and apply to a name that is not there. */
export async function createObject(call: Call, object: WithMeta, options: WriteOptions): Promise<Answer> {
  const { server, type } = call;
  const { rules } = type;
  if (object.metadata.resourceVersion) {
    throw new StatusError(500, '', 'resourceVersion should not be set on objects to be created');
  }
  dedupOwnerReferences(call, object.metadata);
  rules.defaults?.(object);
  const given = attributes(call, { operation: 'CREATE', object, dryRun: options.dryRun });
  await mutate(call, given);
  fillSystemFields(server, object.metadata);
  const generated = !object.metadata.name && object.metadata.generateName;
  if (generated) object.metadata.name = generateName(server, generated);
  prepare(call, object);
  checkCreate(call, object);
  if (rules.warnings) call.warnings.push(...rules.warnings(object));
  await validate(call, given);
  return commitCreate(call, object, options, generated || undefined);
}

/** Status has a door of its own, and generation counts from one. */
function prepare(call: Call, object: WithMeta): void {
  const { rules, subresources } = call.type;
  if (rules.prepareForCreate) rules.prepareForCreate(object, ruleContext(call));
  else if (subresources.has('status')) clearStatus(call, object);
  if (rules.generationFrom) object.metadata.generation = 1;
}

/** To what an empty status is written as. */
function clearStatus({ type }: Call, object: WithMeta): void {
  const { status } = validateSchema({}, type, { fieldValidation: 'Ignore' }).object;
  if (status === undefined) delete object['status'];
  else object['status'] = status;
}

export function ruleContext(call: Call): RuleContext {
  return { now: timestamp(call.server.clock), uuid: () => call.server.random.uuid(), user: call.user };
}

function checkCreate(call: Call, object: WithMeta): void {
  const { type } = call;
  const { rules } = type;
  const causes: Cause[] = validateObjectMeta(object.metadata, metadataOptions(type));
  if (rules.validate) causes.push(...rules.validate(object));
  if (causes.length) throw invalid(checkedKind(type), object.metadata.name ?? '', causes);
}

async function commitCreate(
  call: Call,
  object: WithMeta,
  options: WriteOptions,
  generateFrom: string | undefined,
): Promise<Answer> {
  const { server, type } = call;
  for (let attempt = 1; ; attempt++) {
    try {
      return { status: 201, value: await writeNew(call, object, options.dryRun) };
    } catch (error) {
      if (!isNameTaken(call, error, object)) throw storeFailure(error, type, object.metadata.name!);
      if (!generateFrom) throw await nameTaken(call, object);
      if (attempt === MAX_NAME_ATTEMPTS) throw generatedNameTaken(call, object);
      object.metadata.name = generateName(server, generateFrom);
    }
  }
}

function isNameTaken(call: Call, error: unknown, object: WithMeta): boolean {
  return error instanceof StoreError && error.reason === 'Exists' && error.key === objectKey(call, object);
}

function objectKey(call: Call, object: WithMeta): string {
  return keyOf(call.type, object.metadata.namespace ?? '', object.metadata.name!);
}

/** A companion write that lost a race (an address just taken) is planned again this often. */
const MAX_COMPANION_ATTEMPTS = 5;

async function writeNew(call: Call, object: WithMeta, dryRun: boolean): Promise<Uint8Array> {
  const { store } = call.server;
  const { type } = call;
  const key = objectKey(call, object);
  for (let attempt = 1; ; attempt++) {
    const companions = (await type.rules.companionWrites?.({ operation: 'create', object, dryRun })) ?? [];
    if (dryRun) {
      if (await store.get(key)) throw new StoreError('Exists', 'dry run', { key });
      return encodeStored(type, object, undefined);
    }
    const write: Write = { op: 'create', key, value: (revision) => encodeStored(type, object, revision) };
    try {
      return (await store.commit([write, ...companions])).items[0]!.value;
    } catch (error) {
      if (!lostCompanionRace(error, key) || attempt === MAX_COMPANION_ATTEMPTS) throw error;
    }
  }
}

export function lostCompanionRace(error: unknown, key: string): boolean {
  return error instanceof StoreError && error.key !== undefined && error.key !== key;
}

async function nameTaken(call: Call, object: WithMeta): Promise<StatusError> {
  const { name } = object.metadata;
  const error = alreadyExists(call.type, name!);
  const existing = await call.server.store.get(objectKey(call, object));
  if (!existing || !decodeStored(existing.value).metadata.deletionTimestamp) return error;
  return new StatusError(409, 'AlreadyExists', `object is being deleted: ${error.message}`, error.details);
}

function generatedNameTaken({ type }: Call, object: WithMeta): StatusError {
  const name = object.metadata.name!;
  const message = `${qualified(type)} "${name}" already exists, the server was not able to generate a unique name for the object`;
  const group = type.group ? { group: type.group } : {};
  return new StatusError(409, 'AlreadyExists', message, { name, ...group, kind: type.resource, retryAfterSeconds: 1 });
}
