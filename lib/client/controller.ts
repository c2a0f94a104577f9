import type { Stored } from '../api/object.ts';
import type { ResourceType } from './resource-type.ts';

/** A level-triggered reconciler. It must be right whatever it missed: twice the same change, out of order, a cache that lags. */
export interface Controller {
  /** As kube-controller-manager names it, without `-controller`: `replicaset`. */
  readonly name: string;
  readonly watches: readonly Watch<any>[];
  /** Watches of resources that are only known later (custom ones): the driver gives what adds them. */
  laterWatches?(add: (watch: Watch<any>) => void): void;
  /** Uncached resources whose changes make a key due. Only a driver that reads the change log hears of them: see `ControllerDependencies.followsLog`. */
  readonly touches?: readonly Touch[];
  /** Learns what its watches depend on beyond the caches. For a driver that begins in the midst, at a checkpoint: the keys that would have told it are done. */
  prepare?(): Promise<void>;
  /** Reads everything, plans purely, applies. Throws to back off. Never sleeps. */
  reconcile(key: string): Promise<Result | undefined>;
  /** Keys reconciled at once. Default 1. */
  readonly concurrency?: number;
}

export interface Watch<T> {
  readonly type: ResourceType<T>;
  /** Which keys a change touches; `previous` on updates and deletes, `object` absent on deletes. */
  keys(object: Stored<T> | undefined, previous: Stored<T> | undefined): readonly string[];
  /** The keys come due so much later. */
  readonly delayMs?: number;
}

/** Any change of this resource makes the key due after a while. */
export interface Touch {
  readonly type: ResourceType<any>;
  readonly key: string;
  readonly delayMs: number;
}

/** A watch whose keys are typed by its resource, among others in one list. */
export function watch<T>(type: ResourceType<T>, keys: Watch<T>['keys']): Watch<T> {
  return { type, keys };
}

export interface Result {
  requeueAfterMs: number;
  /** So much later will do too: a driver that must be woken for it may do several at once. */
  slackMs?: number;
}

/** A read-only, eventually consistent view of a resource, shared by the controllers of one process or Lambda. Objects are frozen by convention. */
export interface Cache<T> {
  readonly type: ResourceType<T>;
  get(key: string): Stored<T> | undefined;
  list(namespace?: string): readonly Stored<T>[];
  /** Objects whose controller (ownerReference with controller: true) has this uid. */
  ownedBy(uid: string): readonly Stored<T>[];
  /** Objects for which the index function named so gave this value. Register before start. */
  byIndex(index: string, value: string): readonly Stored<T>[];
  addIndex(index: string, values: (object: Stored<T>) => readonly string[]): void;
  /** Told at once of everything that is there, then of every change. For state kept beside the cache; keys come from `watches`. */
  subscribe(handler: ChangeHandler<T>): () => void;
  readonly synced: boolean;
  /** What the content is as of. */
  readonly resourceVersion: string | undefined;
}

/** `previous` absent on an add, `object` absent on a delete. */
export type ChangeHandler<T> = (object: Stored<T> | undefined, previous: Stored<T> | undefined) => void;

/** What a component is built over: every cache it names is fed by the driver (pushed in a process, caught up in a Lambda). */
export interface Caches {
  cache<T>(type: ResourceType<T>): Cache<T>;
}
