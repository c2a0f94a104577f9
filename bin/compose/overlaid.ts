import type { SharedCaches } from '../../lib/client/cache.ts';
import type { ObjectCache } from '../../lib/client/object-cache.ts';

/** Caches in which some resources are those that somebody else fills. */
export function overlaid(caches: SharedCaches, others: readonly ObjectCache<any>[]): SharedCaches {
  const cache = ((type: any) =>
    others.find((other) => other.type.resource === type.resource) ?? caches.cache(type)) as SharedCaches['cache'];
  return { ...caches, cache, subscribe: (type, handler) => cache(type).subscribe(handler) };
}
