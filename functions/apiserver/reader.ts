import type { KubeObject, Stored } from '../../lib/api/object.ts';
import type { Item, Store } from '../../lib/storage/contract.ts';

/**
 * Typed reads for what stands before the registry: authentication, authorization, admission, allocation.
 * They see every acknowledged write, as a quorum read of kube-apiserver does. Objects are shared: never written to.
 * `type` is the storage type: `pods`, `clusterroles.rbac.authorization.k8s.io`.
 */
export interface Reader {
  get<T = KubeObject>(type: string, name: string, namespace?: string): Promise<Stored<T> | undefined>;
  /** The very same array for as long as nothing in it has changed: what is compiled from it may be kept against it. */
  list<T = KubeObject>(type: string, namespace?: string): Promise<readonly Stored<T>[]>;
}

/** Decoded objects kept; a revision is never reused, so key and revision name the bytes. */
const MAX_DECODED = 20_000;
const MAX_LISTS = 1_000;

interface CachedList {
  items: readonly Item[];
  objects: readonly Stored<any>[];
}

export function storeReader(store: Store): Reader {
  const decoded = new Map<string, { revision: number; object: Stored<any> }>();
  const lists = new Map<string, CachedList>();

  function decode(item: Item): Stored<any> {
    const cached = decoded.get(item.key);
    if (cached?.revision === item.revision) return cached.object;
    const object = decodeItem(item);
    keep(decoded, item.key, { revision: item.revision, object }, MAX_DECODED);
    return object;
  }

  return {
    async get(type, name, namespace) {
      const item = await store.get(storageKey(type, name, namespace));
      return item && decode(item);
    },
    async list(type, namespace) {
      const prefix = namespace ? `${type}/${namespace}/` : `${type}/`;
      const { items } = await store.list(prefix);
      const cached = lists.get(prefix);
      if (cached && sameItems(cached.items, items)) return cached.objects;
      const objects = items.map(decode);
      keep(lists, prefix, { items, objects }, MAX_LISTS);
      return objects;
    },
  };
}

export function storageKey(type: string, name: string, namespace?: string): string {
  return namespace ? `${type}/${namespace}/${name}` : `${type}/${name}`;
}

const decoder = new TextDecoder();

export function decodeItem(item: Item): Stored<any> {
  return JSON.parse(decoder.decode(item.value));
}

function sameItems(left: readonly Item[], right: readonly Item[]): boolean {
  return left.length === right.length && left.every((item, i) => sameItem(item, right[i]!));
}

function sameItem(left: Item, right: Item): boolean {
  return left === right || (left.revision === right.revision && left.key === right.key);
}

/** Insertion order is age: the oldest entry makes room. */
function keep<V>(cache: Map<string, V>, key: string, value: V, limit: number): void {
  cache.delete(key);
  if (cache.size >= limit) cache.delete(cache.keys().next().value!);
  cache.set(key, value);
}
