import type { KubeObject } from '../object.ts';
import { sameJson } from '../patch/json.ts';
import type { ManagedFieldsEntry } from '../types.ts';
import { checkConfiguration } from './check-configuration.ts';
import { applyConflict } from './conflict.ts';
import { difference, EMPTY_SET, type FieldSet, intersection, isEmpty, union } from './field-set.ts';
import type { FieldType } from './field-type.ts';
import { allowedConflicts, withLastApplied } from './last-applied.ts';
import { identity, type Manager, type Managers, readManagers, UNOWNED, writeManagers } from './managers.ts';
import { mergeTyped, removeFields } from './merge.ts';
import { compareFor, conflictsOf, takeOver, typeOf, versionOf, type WriteBy, withoutReset } from './ownership.ts';
import { toFieldSet, withNamedFields } from './to-set.ts';
import { emptyObject, trackUpdate } from './track.ts';

export interface Applied {
  /** The merged object, not yet defaulted and without managedFields; the live one itself when nothing changed. */
  object: KubeObject;
  managedFields: ManagedFieldsEntry[] | undefined;
}

export interface ApplyOptions extends WriteBy {
  /** Take fields from their owners instead of a 409. */
  readonly force: boolean;
}

/** Who owned an object's fields before its first apply. */
const BEFORE_FIRST_APPLY = 'before-first-apply';

/**
 * Server-side apply: the configuration is laid over the live object, what its manager applied before and no longer does is
 * removed, and fields of others are not changed without `force`. `live` is undefined when the object is to be created.
 * Throws StatusError: 409 with a FieldManagerConflict for each field, 400 or 500 for a configuration that does not fit.
 * Source: structured-merge-diff/merge/update.go Apply. KEP-555.
 */
export function applyServerSide(live: KubeObject | undefined, applied: KubeObject, options: ApplyOptions): Applied {
  const type = typeOf(options);
  checkConfiguration(applied, type, options.gvk);
  const present = live ? withoutManaged(live) : emptyObject(options.gvk);
  const managers = tracked(live, present, options);
  const { object, managedFields } = applyOver(present, applied, managers, type, options);
  return { object: withLastApplied(object, applied, options.manager), managedFields };
}

function withoutManaged(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
}

/** An object that nobody tracked is taken as written by one unnamed manager. */
function tracked(live: KubeObject | undefined, present: KubeObject, options: ApplyOptions): Managers {
  const managers = readManagers(live);
  if (managers.size > 0 || !live) return managers;
  return trackUpdate(emptyObject(options.gvk), present, managers, { ...options, manager: BEFORE_FIRST_APPLY });
}

function applyOver(
  live: KubeObject,
  applied: KubeObject,
  managers: Managers,
  type: FieldType,
  options: ApplyOptions,
): Applied {
  const applier: Manager = {
    manager: options.manager,
    operation: 'Apply',
    apiVersion: versionOf(options),
    subresource: options.subresource,
    time: options.now,
    set: withoutReset(toFieldSet(applied, type), options),
  };
  const key = identity(applier);
  const last = managers.get(key);
  const claims = new Map(managers).set(key, applier);
  const merged = mergeTyped(live, applied, type) as KubeObject;
  const next = last ? (prune(merged, last.set, claims, type) as KubeObject) : merged;
  const changes = compareFor(options, live, next);
  const conflicts = conflictsOf(claims, key, changes);
  if (conflicts.size > 0 && !options.force) refuse(conflicts, allowedConflicts(live, options.manager, type), claims);
  const left = takeOver(claims, key, changes);
  const unchanged = sameJson(live, next);
  const owned = difference(applier.set, UNOWNED);
  if (isEmpty(owned)) left.delete(key);
  else left.set(key, { ...applier, set: owned, time: unchanged ? last?.time : options.now });
  return { object: unchanged ? live : next, managedFields: writeManagers(left) };
}

function refuse(conflicts: ReadonlyMap<string, FieldSet>, allowed: FieldSet, claims: Managers): void {
  const left = [...conflicts].map(([key, set]) => [key, difference(set, allowed)] as const);
  const refused = left.filter(([, set]) => !isEmpty(set));
  if (refused.length > 0) throw applyConflict(new Map(refused), claims);
}

/**
 * Removes what this manager applied last and does not apply now, unless someone else owns it, or owns something in it.
 * Source: prune, addBackOwnedItems and addBackDanglingItems in merge/update.go.
 */
function prune(merged: unknown, last: FieldSet, claims: Managers, type: FieldType): unknown {
  if (isEmpty(last)) return merged;
  const lastNamed = withNamedFields(last, type);
  const pruned = removeFields(merged, lastNamed, type);
  const owned = [...claims.values()].map(({ set }) => set).reduce(union, EMPTY_SET);
  const mergedSet = withNamedFields(toFieldSet(merged, type), type);
  const keep = union(withNamedFields(toFieldSet(pruned, type), type), withNamedFields(owned, type));
  const withOwned = removeFields(merged, difference(mergedSet, keep), type);
  const keptSet = withNamedFields(toFieldSet(withOwned, type), type);
  return removeFields(merged, intersection(difference(mergedSet, keptSet), lastNamed), type);
}
