import type { NamespaceSpec, ObjectMeta } from '../../../lib/api/types.ts';
import type { DeleteOptions } from './delete-options.ts';
import type { WithMeta } from './metadata.ts';
import type { ResourceType } from './resource-table.ts';

/** What a DELETE does to an object as it is now. `mark` and `remove` carry the object to be stored. */
export type DeletionPlan =
  | { action: 'remove'; object: WithMeta }
  | { action: 'mark'; object: WithMeta }
  /** It is being deleted already; nothing is left to do. */
  | { action: 'nothing' };

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

/**
 * Graceful deletion and finalizers. `object` may be changed.
 * Source: rest.BeforeDelete and Store.updateForGracefulDeletionAndFinalizers of k8s.io/apiserver.
 */
export function planDeletion(type: ResourceType, object: WithMeta, options: DeleteOptions, now: number): DeletionPlan {
  if (type.storage === 'namespaces') return planNamespaceDeletion(type, object, options, now);
  const graceful = beginGrace(type, object, options, now);
  if (graceful === 'pending') return { action: 'nothing' };
  const { metadata } = object;
  const finalizers = finalizersFor(type, metadata, options);
  setFinalizers(metadata, finalizers);
  if (graceful && metadata.deletionGracePeriodSeconds! > 0) return { action: 'mark', object };
  if (finalizers.length === 0) return { action: 'remove', object };
  if (!graceful) markAsDeleting(metadata, now);
  return { action: 'mark', object };
}

function setFinalizers(metadata: ObjectMeta, finalizers: string[]): void {
  if (finalizers.length) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
}

/** A namespace stays until spec.finalizers says that it is empty. Source: pkg/registry/core/namespace/storage. */
function planNamespaceDeletion(
  type: ResourceType,
  object: WithMeta,
  options: DeleteOptions,
  now: number,
): DeletionPlan {
  const { metadata, spec } = object as WithMeta & { spec?: NamespaceSpec };
  if (metadata.deletionTimestamp && spec?.finalizers?.length) return { action: 'nothing' };
  const finalizers = finalizersFor(type, metadata, options);
  if (metadata.deletionTimestamp && finalizers.length === 0) return { action: 'remove', object };
  metadata.deletionTimestamp ??= time(now);
  object['status'] = { ...object['status'], phase: 'Terminating' };
  setFinalizers(metadata, finalizers);
  return { action: 'mark', object };
}

/** Sets the deletion's time and period where the kind waits for a graceful end. */
function beginGrace(type: ResourceType, object: WithMeta, options: DeleteOptions, now: number): boolean | 'pending' {
  const { metadata } = object;
  const { gracePeriodSeconds } = type.rules;
  if (!gracePeriodSeconds) return false;
  if (metadata.deletionTimestamp) return shortenGrace(metadata, options, now);
  const seconds = gracePeriodSeconds(object, options.gracePeriodSeconds);
  metadata.deletionTimestamp = time(now + seconds * 1000);
  metadata.deletionGracePeriodSeconds = seconds;
  if (metadata.generation) metadata.generation++;
  return true;
}

function shortenGrace(metadata: ObjectMeta, options: DeleteOptions, now: number): boolean | 'pending' {
  const before = metadata.deletionGracePeriodSeconds ?? 0;
  if (before === 0) return false;
  let seconds = options.gracePeriodSeconds;
  if (seconds === undefined || seconds >= before) return 'pending';
  let at = Date.parse(metadata.deletionTimestamp!) - before * 1000 + seconds * 1000;
  if (at < now) {
    at = now;
    if (seconds !== 0) seconds = 1;
  }
  metadata.deletionTimestamp = time(at);
  metadata.deletionGracePeriodSeconds = seconds;
  return true;
}

/** Only finalizers hold it: it is going as soon as they are done. Source: markAsDeleting. */
function markAsDeleting(metadata: ObjectMeta, now: number): void {
  if (!metadata.deletionTimestamp) {
    metadata.deletionTimestamp = time(now);
    if (metadata.generation) metadata.generation++;
  }
  metadata.deletionGracePeriodSeconds = 0;
}

/** Propagation is told to the garbage collector by finalizers. Source: deletionFinalizersForGarbageCollection. */
function finalizersFor(type: ResourceType, metadata: ObjectMeta, options: DeleteOptions): string[] {
  const present = metadata.finalizers ?? [];
  if (type.storage === 'events') return present;
  const others = present.filter((finalizer) => finalizer !== ORPHAN && finalizer !== FOREGROUND);
  if (orphans(type, present, options)) others.push(ORPHAN);
  if (isForeground(present, options)) others.push(FOREGROUND);
  return others;
}

function orphans(type: ResourceType, present: readonly string[], options: DeleteOptions): boolean {
  if (options.orphanDependents !== undefined) return options.orphanDependents;
  if (options.propagationPolicy) return options.propagationPolicy === 'Orphan';
  const own = present.find((finalizer) => finalizer === ORPHAN || finalizer === FOREGROUND);
  return own ? own === ORPHAN : type.rules.defaultPropagation === 'Orphan';
}

function isForeground(present: readonly string[], options: DeleteOptions): boolean {
  if (options.orphanDependents !== undefined) return false;
  if (options.propagationPolicy) return options.propagationPolicy === 'Foreground';
  return present.find((finalizer) => finalizer === ORPHAN || finalizer === FOREGROUND) === FOREGROUND;
}

function time(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
