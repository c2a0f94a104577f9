import type { KubeObject, Stored } from '../api/object.ts';
import type { ResourceType } from './resource-type.ts';

/** The client that every component uses. Failures are StatusError. Over the apiserver's own `fetch` in process, over HTTPS from a node. */
export interface Client {
  get<T>(type: ResourceType<T>, ref: ObjectRef): Promise<Stored<T>>;
  list<T>(type: ResourceType<T>, options?: ListOptions): Promise<ObjectList<T>>;
  /** Events after `resourceVersion`; ends when the server ends it or the signal aborts; throws StatusError `Expired` on 410. */
  watch<T>(type: ResourceType<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  create<T>(type: ResourceType<T>, object: T, options?: WriteOptions): Promise<Stored<T>>;
  update<T>(type: ResourceType<T>, object: T, options?: WriteOptions & { subresource?: string }): Promise<Stored<T>>;
  patch<T>(
    type: ResourceType<T>,
    ref: ObjectRef,
    patch: Patch,
    options?: WriteOptions & { subresource?: string },
  ): Promise<Stored<T>>;
  delete<T>(type: ResourceType<T>, ref: ObjectRef, options?: DeleteOptions): Promise<void>;
  deleteCollection<T>(type: ResourceType<T>, options?: ListOptions & DeleteOptions): Promise<void>;
  /** POST to a subresource: binding, eviction, token. */
  createSubresource<T>(
    type: ResourceType<T>,
    ref: ObjectRef,
    subresource: string,
    body: KubeObject,
  ): Promise<KubeObject>;
  /** Any other request, e.g. discovery: GET of a path. */
  getPath(path: string, accept?: string): Promise<any>;
}

export interface ObjectRef {
  namespace?: string | undefined;
  name: string;
}

export interface ListOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  limit?: number;
  continue?: string;
  resourceVersion?: string;
  resourceVersionMatch?: 'Exact' | 'NotOlderThan';
}

export interface WatchOptions extends ListOptions {
  signal: AbortSignal;
  allowBookmarks?: boolean;
  timeoutSeconds?: number;
}

export interface ObjectList<T> {
  items: Stored<T>[];
  resourceVersion: string;
  continue?: string;
}

export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: Stored<T> }
  | { type: 'BOOKMARK'; resourceVersion: string };

export interface WriteOptions {
  dryRun?: boolean;
  fieldManager?: string;
}

export type Patch =
  | { type: 'merge' | 'strategic'; body: object }
  | { type: 'json'; body: readonly object[] }
  | { type: 'apply'; body: object; force?: boolean };

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  /** Preconditions. */
  uid?: string;
  resourceVersion?: string;
  dryRun?: boolean;
}

/** How requests travel: the apiserver's `fetch` with an identity bound to it, or an HTTPS agent's. */
export type Transport = (request: Request) => Promise<Response>;
