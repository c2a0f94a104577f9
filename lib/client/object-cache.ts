import { type KubeObject, keyOf, type Stored } from '../api/object.ts';
import { apiVersion } from '../api/resources.ts';
import type { Cache, ChangeHandler } from './controller.ts';
import type { ResourceType } from './resource-type.ts';

type Values = (object: any) => readonly string[];
type Objects<T> = Map<string, Stored<T>>;

const BY_NAMESPACE = 'namespace';
const BY_CONTROLLER = 'controller';

/** The store behind a cache: objects by key, and by what the indexes give. Filled by whoever drives it (reflector, Lambda, test). */
export class ObjectCache<T> implements Cache<T> {
  type: ResourceType<T>;
  synced = false;
  readonly #waiting = new Set<() => void>();
  /** What the content is as of. */
  resourceVersion: string | undefined;
  readonly #objects: Objects<T> = new Map();
  readonly #indexes = new Map<string, { values: Values; entries: Map<string, Objects<T>> }>();
  readonly #handlers = new Set<ChangeHandler<T>>();

  constructor(type: ResourceType<T>) {
    this.type = type;
    if (type.namespaced) this.addIndex(BY_NAMESPACE, (object) => [object.metadata.namespace ?? '']);
    this.addIndex(BY_CONTROLLER, controllerUid);
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): Stored<T> | undefined {
    return this.#objects.get(key);
  }

  list(namespace?: string): readonly Stored<T>[] {
    if (namespace !== undefined && this.type.namespaced) return this.byIndex(BY_NAMESPACE, namespace);
    return [...this.#objects.values()];
  }

  ownedBy(uid: string): readonly Stored<T>[] {
    return this.byIndex(BY_CONTROLLER, uid);
  }

  byIndex(index: string, value: string): readonly Stored<T>[] {
    const known = this.#indexes.get(index);
    if (!known) throw new Error(`${this.type.resource} have no index ${index}`);
    return [...(known.entries.get(value)?.values() ?? [])];
  }

  addIndex(index: string, values: Values): void {
    if (this.#indexes.has(index)) return;
    const entries = new Map<string, Objects<T>>();
    this.#indexes.set(index, { values, entries });
    for (const [key, object] of this.#objects) insert(entries, values(object), key, object);
  }

  subscribe(handler: ChangeHandler<T>): () => void {
    this.#handlers.add(handler);
    for (const object of this.#objects.values()) handler(object, undefined);
    return () => this.#handlers.delete(handler);
  }

  /** The whole state, from a list: what is not in it is gone. */
  replace(objects: readonly Stored<T>[], resourceVersion: string): void {
    const keys = new Set(objects.map(keyOf));
    for (const [key, old] of this.#objects) if (!keys.has(key)) this.remove(old);
    for (const object of objects) this.put(object);
    this.resourceVersion = resourceVersion;
    this.synced = true;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Resolves once a whole list is there, or when the signal aborts. */
  whenSynced(signal: AbortSignal): Promise<void> {
    if (this.synced || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  put(object: Stored<T>): void {
    const key = keyOf(object);
    const previous = this.#objects.get(key);
    if (previous?.metadata.resourceVersion === object.metadata.resourceVersion) return;
    const slim = strip(object, this.type);
    this.#unindex(key, previous);
    this.#objects.set(key, slim);
    for (const { values, entries } of this.#indexes.values()) insert(entries, values(slim), key, slim);
    this.#tell(slim, previous);
  }

  remove(object: Stored<T>): void {
    const key = keyOf(object);
    const previous = this.#objects.get(key);
    if (!previous) return;
    this.#unindex(key, previous);
    this.#objects.delete(key);
    this.#tell(undefined, strip(object, this.type));
  }

  #unindex(key: string, object: Stored<T> | undefined): void {
    if (!object) return;
    for (const { values, entries } of this.#indexes.values()) {
      for (const value of values(object)) {
        const objects = entries.get(value);
        if (objects?.delete(key) && objects.size === 0) entries.delete(value);
      }
    }
  }

  #tell(object: Stored<T> | undefined, previous: Stored<T> | undefined): void {
    for (const handler of this.#handlers) handler(object, previous);
  }
}

function insert<T>(entries: Map<string, Objects<T>>, values: readonly string[], key: string, object: Stored<T>): void {
  for (const value of values) {
    const objects = entries.get(value);
    if (objects) objects.set(key, object);
    else entries.set(value, new Map([[key, object]]));
  }
}

function controllerUid(object: Stored<any>): readonly string[] {
  const owner = object.metadata.ownerReferences?.find((reference) => reference.controller);
  return owner ? [owner.uid] : [];
}

/**
 * Field ownership, and of a metadata-only object the annotations too, are most of its bytes and nobody's input.
 * Items of a list may come without their type: the cache knows it.
 */
function strip<T>(object: Stored<T>, type: ResourceType<T>): Stored<T> {
  delete object.metadata.managedFields;
  if (type.partial) delete object.metadata.annotations;
  const typed = object as KubeObject;
  if (type.partial || !typed.kind) {
    typed.apiVersion = apiVersion(type);
    typed.kind = type.kind;
  }
  return object;
}
