/**
 * What the apiserver asks of a store: etcd's promises. Every backend passes test/contract/storage.
 *
 * - Writes are linearizable. A create fails if the key exists; an update, delete or check fails if the revision moved.
 * - Revisions rise strictly within a resource type and are never reused. They are safe integers here, decimal strings outside.
 * - A list is exactly the state at the revision it returns, and includes every write acknowledged before it began.
 *   A continue token goes on at that revision until it is compacted away: then `Expired`, with a token that goes on at the present.
 * - A watch from revision R delivers every change after R once, in order, without gaps, or ends with `Expired`.
 * - All writes of a commit happen together or not at all, and are durable before the promise resolves.
 *   Watchers hear of a change when it is durable, not before.
 */
export interface Store {
  get(key: string): Promise<Item | undefined>;
  /** Items whose key starts with `prefix`, in byte order of their keys. */
  list(prefix: string, options?: ListOptions): Promise<ItemList>;
  /**
   * All writes share one revision. Throws StoreError; nothing happened unless the reason is `Unknown`.
   * A backend bounds how many go together (DynamoDB: 99); more are `TooLarge`.
   */
  commit(writes: readonly Write[]): Promise<CommitResult>;
  /** Changes after `options.from`, batch by batch; ends when the signal aborts, throws StoreError `Expired`. */
  watch(prefix: string, options: WatchOptions): AsyncIterable<WatchBatch>;
  /**
   * Every change of every type after this revision up to the present one, in order, whole commits: one read tells those who are woken and
   * catch up instead of following. Throws StoreError `Expired` if the log no longer reaches back so far, `FutureRevision` if it is not reached yet.
   */
  changes(from: number): Promise<WatchBatch>;
  /** The newest revision acknowledged for the resource type of this prefix; what an empty list would return. */
  revision(prefix: string): Promise<number>;
  /** Forgets the log up to and including this revision. */
  compact(revision: number): Promise<void>;
  close(): Promise<void>;
  /**
   * For a store that has to ask somebody else for the present: all reads through `view` within `work`, one request of a client, are as new as the first of them
   * found it, or as the request's own commits. So they hold what was acknowledged before the request began, and the request asks once.
   */
  inRequest?<T>(work: () => T): T;
  readonly view?: StoreView;
}

export type StoreView = Pick<Store, 'get' | 'list' | 'revision'>;

/**
 * Keys are `TYPE/NAMESPACE/NAME`, or `TYPE/NAME` for cluster-scoped resources, where TYPE is the storage type:
 * `pods`, `deployments.apps`. A prefix always holds the TYPE and its slash, so that a backend can partition by it.
 */
export interface Item {
  readonly key: string;
  readonly revision: number;
  /** The object's JSON, its resourceVersion inside. Shared: never written to. */
  readonly value: Uint8Array;
  /** Stored otherwise than it would be today, e.g. sealed with an older key: worth a write that changes nothing. */
  readonly stale?: boolean;
}

export interface ListOptions {
  /** At most this many items; absent or 0: all. */
  limit?: number;
  /** The token of an earlier answer. */
  continue?: string;
  /** The state at exactly this revision. Absent: the newest. */
  revision?: number;
}

export interface ItemList {
  readonly items: readonly Item[];
  readonly revision: number;
  readonly continue?: string;
  /** How many items follow this page; given with `continue`. */
  readonly remaining?: number;
}

/** Makes the bytes once the revision is known. Called exactly once for each attempt, and must be pure. */
export type Encode = (revision: number) => Uint8Array;

export type Write =
  | { readonly op: 'create'; readonly key: string; readonly value: Encode }
  | { readonly op: 'update'; readonly key: string; readonly revision: number; readonly value: Encode }
  /** `value` is the object's last state as watchers see it, with the deletion's revision inside. */
  | { readonly op: 'delete'; readonly key: string; readonly revision: number; readonly value: Encode }
  /** Writes nothing; fails the commit unless the key is at this revision (0: absent). */
  | { readonly op: 'check'; readonly key: string; readonly revision: number };

export interface CommitResult {
  readonly revision: number;
  /** The new state of each write that is not a check, in order; of a delete, the last state. */
  readonly items: readonly Item[];
}

export interface WatchOptions {
  /** Deliver what comes after this revision. */
  from: number;
  signal: AbortSignal;
  /** With it an idle watch yields an empty batch, whose revision has moved on, about this often. */
  progressMs?: number;
}

export interface WatchBatch {
  readonly changes: readonly Change[];
  /** The watcher has seen everything up to and including this revision. */
  readonly revision: number;
}

export interface Change {
  readonly type: 'created' | 'updated' | 'deleted';
  readonly key: string;
  readonly revision: number;
  /** New bytes; of a deletion, the last state. The same buffer for every watcher. */
  readonly value: Uint8Array;
  /** The bytes before; absent on a create. */
  readonly previous?: Uint8Array;
}

export type StoreErrorReason =
  | 'Exists' // create: the key is there
  | 'NotFound' // update, delete, check: the key is not there
  | 'Conflict' // update, delete, check: the revision moved
  | 'Expired' // the revision, or the token's, is compacted away
  | 'FutureRevision' // the revision is not reached yet
  | 'InvalidToken' // the continue token was not made by this store
  | 'Unreadable' // what is stored cannot be opened with the keys that are there
  | 'TooLarge' // a value over the limit
  | 'Full' // there is no room; nothing happened
  | 'Throttled' // try again later; nothing happened
  | 'Unknown' // the outcome is not known
  | 'Closed';

export class StoreError extends Error {
  readonly reason: StoreErrorReason;
  readonly key: string | undefined;
  /** Conflict: the present state. */
  readonly current: Item | undefined;
  /** Expired list: a token that goes on from the same key at the newest revision. */
  readonly continue: string | undefined;

  constructor(
    reason: StoreErrorReason,
    message: string,
    more: { key?: string; current?: Item; continue?: string; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.name = 'StoreError';
    this.reason = reason;
    this.key = more.key;
    this.current = more.current;
    this.continue = more.continue;
  }
}
