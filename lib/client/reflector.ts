import type { Stored } from '../api/object.ts';
import { isReason } from '../api/status.ts';
import { type Clock, delay } from '../runtime/clock.ts';
import { type Backoff, backoffMs } from '../runtime/queue.ts';
import type { Random } from '../runtime/random.ts';
import type { Client, ObjectList, WatchEvent } from './client.ts';
import type { ObjectCache } from './object-cache.ts';

export interface ReflectorOptions {
  clock: Clock;
  random: Random;
  signal: AbortSignal;
  onError?: (error: unknown, resource: string) => void;
  /** Narrows what is cached: the pods of one node. */
  fieldSelector?: string;
  labelSelector?: string;
  namespace?: string;
}

/** Objects asked for in one list request, as client-go's pager. */
const PAGE_SIZE = 500;
/** A watch is renewed after 5 to 10 minutes, so that a server's watches do not all end together. As client-go's reflector. */
const WATCH_SECONDS = 300;
/** A server that ends its watches at once is not asked again at once. */
const SHORT_WATCH_MS = 1000;
const RETRY: Backoff = { baseMs: 100, maxMs: 30_000, jitter: 1 };

/** Keeps a cache equal to the server: list, then watch from there, again and again until the signal aborts. */
export async function reflect<T>(client: Client, cache: ObjectCache<T>, options: ReflectorOptions): Promise<void> {
  let failures = 0;
  while (!options.signal.aborted) {
    try {
      if (cache.resourceVersion === undefined) await relist(client, cache, options);
      const began = options.clock.now();
      await follow(client, cache, options);
      if (options.clock.now() - began >= SHORT_WATCH_MS) failures = 0;
      else await delay(options.clock, backoffMs(failures++, options.random, RETRY), options.signal);
    } catch (error) {
      if (options.signal.aborted) return;
      if (isReason(error, 'Expired', 'Gone')) cache.resourceVersion = undefined;
      else if (isReason(error, 'NotFound')) empty(cache);
      else options.onError?.(error, cache.type.resource);
      await delay(options.clock, backoffMs(failures++, options.random, RETRY), options.signal);
    }
  }
}

/** A custom resource that is no longer served (and may be again). */
export function empty(cache: ObjectCache<any>): void {
  cache.replace([], '');
  cache.resourceVersion = undefined;
}

type Scope = Pick<ReflectorOptions, 'namespace' | 'fieldSelector' | 'labelSelector'>;

/** Reads everything at one revision: the newest, or exactly `at`. Public for drivers that catch up instead of following. */
export async function relist<T>(
  client: Client,
  cache: ObjectCache<T>,
  { namespace, fieldSelector, labelSelector }: Scope,
  at?: number,
): Promise<void> {
  const scope = {
    ...(namespace && { namespace }),
    ...(fieldSelector && { fieldSelector }),
    ...(labelSelector && { labelSelector }),
  };
  const objects: Stored<T>[] = [];
  const exactly = at === undefined ? {} : ({ resourceVersion: String(at), resourceVersionMatch: 'Exact' } as const);
  let page: ObjectList<T> = await client.list(cache.type, { ...scope, ...exactly, limit: PAGE_SIZE });
  objects.push(...page.items);
  while (page.continue) {
    page = await client.list(cache.type, { ...scope, limit: PAGE_SIZE, continue: page.continue });
    objects.push(...page.items);
  }
  cache.replace(objects, page.resourceVersion);
}

async function follow<T>(client: Client, cache: ObjectCache<T>, options: ReflectorOptions): Promise<void> {
  const { namespace, fieldSelector, labelSelector } = options;
  const events = client.watch(cache.type, {
    ...(namespace && { namespace }),
    ...(fieldSelector && { fieldSelector }),
    ...(labelSelector && { labelSelector }),
    resourceVersion: cache.resourceVersion!,
    allowBookmarks: true,
    timeoutSeconds: Math.round(WATCH_SECONDS * (1 + options.random.next())),
    signal: options.signal,
  });
  for await (const event of events) applyEvent(cache, event);
}

export function applyEvent<T>(cache: ObjectCache<T>, event: WatchEvent<T>): void {
  if (event.type === 'DELETED') cache.remove(event.object);
  else if (event.type !== 'BOOKMARK') cache.put(event.object);
  cache.resourceVersion = event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion;
}
