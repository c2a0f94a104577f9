import { storageType } from '../../api/resources.ts';
import { isReason } from '../../api/status.ts';
import { eachBounded } from '../../runtime/bounded.ts';
import { CacheTable } from '../cache.ts';
import type { Client } from '../client.ts';
import type { Caches, ChangeHandler } from '../controller.ts';
import type { ObjectCache } from '../object-cache.ts';
import { applyEvent, empty, relist } from '../reflector.ts';
import type { ResourceType } from '../resource-type.ts';
import type { ChangeSource, Changes } from './change-source.ts';

/** Caches that stand still, and are brought to the present when asked. */
export interface CatchUpCaches extends Caches {
  cache<T>(type: ResourceType<T>): ObjectCache<T>;
  subscribe<T>(type: ResourceType<T>, handler: ChangeHandler<T>): () => void;
  /** What all of them are as of; undefined before the first load. */
  readonly revision: number | undefined;
  /** Everything at exactly this revision, or the newest of everything. Throws StatusError `Expired`. */
  load(at?: number): Promise<void>;
  /** Fills caches that were named since, at the revision of the others. */
  loadNew(): Promise<void>;
  /** What changed since, or since this revision, without applying it. */
  peek(from?: number): Promise<Changes>;
  /** Applies what changed since, in order, and tells of it. Throws StatusError `Expired` when everything must be loaded anew. */
  catchUp(): Promise<Changes>;
  /** Whether a change of this storage type is any cache's. */
  holds(storage: string): boolean;
}

const MAX_IN_FLIGHT = 8;
const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io';

export function createCatchUpCaches(client: Client, source: ChangeSource): CatchUpCaches {
  return new CaughtUp(client, source);
}

class CaughtUp implements CatchUpCaches {
  revision: number | undefined;
  readonly #client: Client;
  readonly #source: ChangeSource;
  readonly #table = new CacheTable();
  /** Custom resources that are no longer served. */
  readonly #gone = new Set<ObjectCache<any>>();

  constructor(client: Client, source: ChangeSource) {
    this.#client = client;
    this.#source = source;
  }

  cache<T>(type: ResourceType<T>): ObjectCache<T> {
    return this.#table.cache(type, this.revision !== undefined);
  }

  subscribe<T>(type: ResourceType<T>, handler: ChangeHandler<T>): () => void {
    return this.cache(type).subscribe(handler);
  }

  holds(storage: string): boolean {
    for (const { type } of this.#table.values()) if (storageType(type) === storage) return true;
    return false;
  }

  async load(at?: number): Promise<void> {
    // Read first: each list is as new or newer, and a change that a list holds already is not counted twice.
    const revision = at ?? (await this.#present());
    this.revision = undefined;
    await this.#each((cache) => this.#list(cache, at));
    this.revision = revision;
  }

  async loadNew(): Promise<void> {
    await this.#each(async (cache) => {
      if (cache.resourceVersion === undefined && !this.#gone.has(cache)) await this.#list(cache, this.revision);
    });
  }

  peek(from = this.revision!): Promise<Changes> {
    return this.#source.since(from);
  }

  async catchUp(): Promise<Changes> {
    const changes = await this.peek();
    if (changes.resources.has(DEFINITIONS)) this.#gone.clear();
    await this.#each((cache) => this.#bring(cache, changes));
    this.revision = changes.revision;
    return changes;
  }

  async #bring(cache: ObjectCache<any>, { revision, resources }: Changes): Promise<void> {
    if (this.#gone.has(cache)) return;
    if (cache.resourceVersion === undefined) return this.#list(cache);
    const seen = Number(cache.resourceVersion);
    const missing = resources.get(storageType(cache.type))?.filter((change) => change > seen).length ?? 0;
    try {
      if (missing > 0) await follow(this.#client, cache, missing);
      cache.resourceVersion = String(Math.max(revision, Number(cache.resourceVersion)));
    } catch (error) {
      if (!isReason(error, 'Expired', 'Gone', 'NotFound')) throw error;
      await this.#list(cache);
    }
  }

  async #list(cache: ObjectCache<any>, at?: number): Promise<void> {
    try {
      await relist(this.#client, cache, {}, at);
      this.#gone.delete(cache);
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
      empty(cache);
      this.#gone.add(cache);
    }
  }

  /** A revision that is not newer than the lists to come. */
  async #present(): Promise<number> {
    const { resourceVersion } = await this.#client.list(NAMESPACES, { limit: 1 });
    return Number(resourceVersion);
  }

  #each(task: (cache: ObjectCache<any>) => Promise<void>): Promise<void> {
    return eachBounded([...this.#table.values()], MAX_IN_FLIGHT, task);
  }
}

const NAMESPACES: ResourceType<any> = {
  group: '',
  version: 'v1',
  resource: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
  partial: true,
};

/** A watch says when something comes, not that nothing more does: the log has said how much is to come. */
async function follow(client: Client, cache: ObjectCache<any>, missing: number): Promise<void> {
  const abort = new AbortController();
  const options = { resourceVersion: cache.resourceVersion!, signal: abort.signal, timeoutSeconds: TIMEOUT_SECONDS };
  let left = missing;
  for await (const event of client.watch(cache.type, options)) {
    applyEvent(cache, event);
    if (--left === 0) break;
  }
  abort.abort();
  if (left > 0) throw new Error(`a watch of ${cache.type.resource} ended before ${left} of ${missing} changes came`);
}

/** Of a watch that has something to tell at once. */
const TIMEOUT_SECONDS = 30;
