import type { KubeObject, Stored } from '../../lib/api/object.ts';
import type { Item, Store } from '../../lib/storage/contract.ts';
import { viewOf } from '../../lib/storage/view.ts';

/**
 * Typed reads for what stands before the registry: authentication, authorization, admission, allocation.
 * They see every write acknowledged before the request, as a quorum read of kube-apiserver does. Objects are shared: never written to.
 * `type` is the storage type: `pods`, `clusterroles.rbac.authorization.k8s.io`.
 */
export interface Reader {
  get<T = KubeObject>(type: string, name: string, namespace?: string): Promise<Stored<T> | undefined>;
  /** The very same array for as long as nothing in it has changed: what is compiled from it may be kept against it. */
  list<T = KubeObject>(type: string, namespace?: string): Promise<readonly Stored<T>[]>;
  /** As `list`, but keeps what `extract` makes of each object instead of the object: for types with too many to hold decoded. */
  extract<T, V>(type: string, namespace: string | undefined, extract: Extract<T, V>): Promise<readonly V[]>;
}

/** Pure; one function for each use, as it names the cache. */
export type Extract<T, V> = (object: Stored<T>) => V;

/** Decoded objects kept; a revision is never reused, so key and revision name the bytes. */
const MAX_DECODED = 2_000;
const MAX_LISTS = 1_000;

export function storeReader(store: Store): Reader {
  const view = viewOf(store);
  const decoded = new Map<string, { revision: number; object: Stored<any> }>();
  const lists = new Map<Extract<any, any>, Map<string, CachedList>>();

  async function extract<T, V>(type: string, namespace: string | undefined, of: Extract<T, V>): Promise<readonly V[]> {
    const prefix = namespace ? `${type}/${namespace}/` : `${type}/`;
    const { items } = await view.list(prefix);
    const cache = lists.get(of) ?? new Map<string, CachedList>();
    lists.set(of, cache);
    const cached = cache.get(prefix);
    if (cached && sameItems(cached.items, items)) return cached.values;
    const values = extractAll(items, cached, (item) => of(decodeItem(item)));
    keep(cache, prefix, { items, values }, MAX_LISTS);
    return values;
  }

  return {
    async get(type, name, namespace) {
      const item = await view.get(storageKey(type, name, namespace));
      if (!item) return undefined;
      const cached = decoded.get(item.key);
      if (cached?.revision === item.revision) return cached.object;
      const object = decodeItem(item);
      keep(decoded, item.key, { revision: item.revision, object }, MAX_DECODED);
      return object;
    },
    list: (type, namespace) => extract(type, namespace, itself) as Promise<readonly Stored<any>[]>,
    extract,
  };
}

const itself: Extract<any, Stored<any>> = (object) => object;

interface CachedList {
  items: readonly Item[];
  values: readonly any[];
}

/** Both lists are in order of their keys, so what is unchanged is found in one walk beside each other. */
function extractAll<V>(items: readonly Item[], before: CachedList | undefined, of: (item: Item) => V): V[] {
  let at = 0;
  return items.map((item) => {
    while (before?.items[at] && before.items[at]!.key < item.key) at++;
    const old = before?.items[at];
    return old && sameItem(old, item) ? before!.values[at] : of(item);
  });
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
