import type { GroupVersionKind } from '../resources.ts';
import { apiVersion } from '../resources.ts';
import { type Schema, schemaOf } from '../schema.ts';
import { type Comparison, compare } from './compare.ts';
import { difference, type FieldSet, intersection, isEmpty, recursiveDifference, single, union } from './field-set.ts';
import { type FieldType, fieldType } from './field-type.ts';
import type { Manager, Managers } from './managers.ts';

/** One write, as the tracking of owners sees it. */
export interface WriteBy {
  readonly gvk: GroupVersionKind;
  /** Of a kind that is not built in. */
  readonly schema?: Schema | undefined;
  /** `fieldManager` of the request, or the first part of its User-Agent. */
  readonly manager: string;
  /** '' for the object itself. */
  readonly subresource: string;
  /** RFC 3339. */
  readonly now: string;
}

export function typeOf({ gvk, schema }: Pick<WriteBy, 'gvk' | 'schema'>): FieldType {
  return fieldType(schema ?? schemaOf(gvk));
}

export function versionOf({ gvk }: WriteBy): string {
  return apiVersion(gvk);
}

const STATUS = single(['f:status']);
const SPEC = single(['f:spec']);

/**
 * Fields that a write through this endpoint resets, so that its writer does not come to own them: status through the
 * object, spec through its status. Source: GetResetFields of the kinds' strategies.
 */
export function resetFields({ gvk, schema, subresource }: WriteBy): FieldSet | undefined {
  if (subresource === 'status') return SPEC;
  if (subresource !== '') return undefined;
  return (schema ?? schemaOf(gvk))?.properties?.['status'] ? STATUS : undefined;
}

export function withoutReset(set: FieldSet, write: WriteBy): FieldSet {
  return recursiveDifference(set, resetFields(write));
}

export function compareFor(write: WriteBy, before: unknown, after: unknown): Comparison {
  const { removed, modified, added } = compare(before, after, typeOf(write));
  return {
    removed: withoutReset(removed, write),
    modified: withoutReset(modified, write),
    added: withoutReset(added, write),
  };
}

/** Fields that others own and this write changes, by the identity of their owner. */
export function conflictsOf(managers: Managers, writer: string, changes: Comparison): Map<string, FieldSet> {
  const changed = union(changes.modified, changes.added);
  const conflicts = new Map<string, FieldSet>();
  for (const [key, { set }] of managers) {
    if (key === writer) continue;
    const taken = intersection(set, changed);
    if (!isEmpty(taken)) conflicts.set(key, taken);
  }
  return conflicts;
}

/** The others lose what the write changed and what it removed. */
export function takeOver(managers: Managers, writer: string, changes: Comparison): Map<string, Manager> {
  const lost = union(union(changes.modified, changes.added), changes.removed);
  const left = new Map<string, Manager>();
  for (const [key, manager] of managers) {
    const kept = key === writer ? manager : { ...manager, set: difference(manager.set, lost) };
    if (!isEmpty(kept.set)) left.set(key, kept);
  }
  return left;
}
