import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import type { Client } from './client.ts';
import type { Caches, ChangeHandler } from './controller.ts';
import { ObjectCache } from './object-cache.ts';
import { reflect } from './reflector.ts';
import type { ResourceType } from './resource-type.ts';

/** One cache for each resource, however many components of the process read it. */
export interface SharedCaches extends Caches {
  cache<T>(type: ResourceType<T>): ObjectCache<T>;
  /** Told of everything that is there and of every change. */
  subscribe<T>(type: ResourceType<T>, handler: ChangeHandler<T>): () => void;
  /** Begins to follow the server; caches named later begin at once. */
  start(signal: AbortSignal): void;
  /** Resolves when every cache named so far holds a whole list, or when the signal aborts. */
  synced(signal: AbortSignal): Promise<void>;
}

export interface CachesOptions {
  clock: Clock;
  random: Random;
  onError?: (error: unknown, resource: string) => void;
}

export function createCaches(client: Client, options: CachesOptions): SharedCaches {
  const caches = new CacheTable();
  let signal: AbortSignal | undefined;

  const begin = (cache: ObjectCache<any>, until: AbortSignal) => {
    void reflect(client, cache, { ...options, signal: until });
  };
  const shared: SharedCaches = {
    cache<T>(type: ResourceType<T>): ObjectCache<T> {
      const before = caches.size;
      const cache = caches.cache(type, signal !== undefined);
      if (signal && caches.size > before) begin(cache, signal);
      return cache;
    },
    subscribe: (type, handler) => shared.cache(type).subscribe(handler),
    start(until) {
      signal = until;
      for (const cache of caches.values()) begin(cache, until);
    },
    synced: (until) => allSynced([...caches.values()], until),
  };
  return shared;
}

/** The caches of one process, by resource. */
export class CacheTable {
  readonly #caches = new Map<string, ObjectCache<any>>();

  get size(): number {
    return this.#caches.size;
  }

  values(): Iterable<ObjectCache<any>> {
    return this.#caches.values();
  }

  /** @param started they are being filled already */
  cache<T>(type: ResourceType<T>, started: boolean): ObjectCache<T> {
    const name = `${type.group}/${type.resource}`;
    const known = this.#caches.get(name);
    if (known) return widen(known, type, started);
    const cache = new ObjectCache<T>(type);
    this.#caches.set(name, cache);
    return cache;
  }
}

/** Whoever asks for whole objects turns a metadata-only cache into a whole one: possible only before it is filled. */
function widen<T>(cache: ObjectCache<any>, type: ResourceType<T>, started: boolean): ObjectCache<T> {
  if (cache.type.partial && !type.partial) {
    if (started) throw new Error(`the cache of ${type.resource} already runs with metadata only`);
    cache.type = type;
  }
  return cache;
}

async function allSynced(caches: ObjectCache<any>[], signal: AbortSignal): Promise<void> {
  await Promise.all(caches.map((cache) => cache.whenSynced(signal)));
}
