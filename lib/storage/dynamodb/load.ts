import type { StoredItem } from '../memory/change-log.ts';
import { StorageType } from '../memory/storage-type.ts';
import { referenceOf, unpack } from './blob.ts';
import type { Context } from './context.ts';
import type { StoredObject } from './database.ts';
import { type LoggedChange, TooLate } from './logged-change.ts';
import { whole } from './parts.ts';
import type { Replica } from './replica.ts';
import { repeated, throttled } from './retry.ts';

/** The cache was thrown away each time, before the type was read. */
const MAX_ATTEMPTS = 5;

/** Reads all of a type, once; afterwards the log keeps it true. */
export async function loadType(
  context: Context,
  replica: Replica,
  catchUp: () => Promise<void>,
  name: string,
): Promise<StorageType> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    if (!replica.begun || replica.isTooOld) await catchUp();
    const { epoch } = replica;
    // What is decided but may not be visible yet is in the tail now, and stays there until it was redone.
    const unpin = replica.tail.pin();
    try {
      const objects = await queryAll(context, `${name}/`);
      // Nothing that was read is newer than the counter is now.
      if (!context.unsafe.has('catch-up-after-query')) await catchUp();
      const state = await read(context, objects);
      await fetchTail(context, replica, name);
      if (replica.epoch === epoch) return install(context, replica, name, state);
    } catch (error) {
      if (!(error instanceof TooLate)) throw error;
    } finally {
      unpin();
    }
  }
  throw throttled(new Error(`${name} could not be loaded`));
}

async function queryAll({ database, ...context }: Context, prefix: string): Promise<StoredObject[]> {
  const all: StoredObject[] = [];
  let after: string | undefined;
  do {
    const page = after === undefined ? {} : { after };
    const { objects, next } = await repeated({ database, ...context }, () => database.queryObjects(prefix, page));
    all.push(...objects);
    after = next;
  } while (after !== undefined);
  return all;
}

/** An object or a tombstone, its value at hand. */
export interface ReadObject extends StoredItem {
  readonly absent: boolean;
  readonly reference?: NonNullable<ReturnType<typeof referenceOf>>;
}

const NOTHING = new Uint8Array(0);

/** Throws TooLate. */
export async function readObject(context: Context, { key, revision, body }: StoredObject): Promise<ReadObject> {
  if (!body) return { key, revision, value: NOTHING, row: 0, absent: true };
  const packed = await whole(context, body);
  if (!packed) throw new TooLate(`the parts of ${key} at ${revision} are gone`);
  const reference = referenceOf(body);
  return { key, revision, value: unpack(packed), row: 0, absent: false, ...(reference ? { reference } : {}) };
}

async function read(context: Context, objects: readonly StoredObject[]): Promise<Map<string, ReadObject>> {
  const state = new Map<string, ReadObject>();
  for (const object of objects) state.set(object.key, await readObject(context, object));
  return state;
}

async function fetchTail(context: Context, replica: Replica, name: string): Promise<void> {
  const far = () => replica.tail.changesOf(name).filter((change) => !change.atHand);
  for (let changes = far(); changes.length > 0; changes = far()) {
    for (const change of changes) await change.fetch(context);
  }
}

/** The state at the replica's revision: what was read, with every change of the tail that is newer than it. In one go, so that nothing comes between. */
function install(context: Context, replica: Replica, name: string, state: Map<string, ReadObject>): StorageType {
  if (!context.unsafe.has('redo')) {
    for (const change of replica.tail.changesOf(name)) state.set(change.key, newer(state.get(change.key), change));
  }
  const type = new StorageType(name, replica.revision);
  const present = [...state.values()].filter(({ absent }) => !absent);
  for (const { key, revision, value, reference } of present.sort((a, b) => (a.key < b.key ? -1 : 1))) {
    type.index.set({ key, revision, value, row: 0 });
    replica.remember(key, revision, reference);
  }
  replica.install(type);
  return type;
}

/** Of what was read of a key and a change of it, what came later. */
export function newer(read: ReadObject | undefined, change: LoggedChange): ReadObject {
  if (read && read.revision >= change.revision) return read;
  const { key, revision, reference } = change;
  const absent = change.type === 'deleted';
  const value = absent ? NOTHING : change.value;
  return { key, revision, value, row: 0, absent, ...(reference ? { reference } : {}) };
}
