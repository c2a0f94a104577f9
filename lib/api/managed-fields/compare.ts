import { sameJson } from '../patch/json.ts';
import { EMPTY_SET, type FieldSet, fieldSet, LEAF } from './field-set.ts';
import type { FieldType, ListType, MapType } from './field-type.ts';
import { fieldElement, itemElement } from './path-element.ts';

/** How one object became another; no field is in more than one of the sets. Source: structured-merge-diff/typed/compare.go. */
export interface Comparison {
  readonly removed: FieldSet;
  readonly modified: FieldSet;
  readonly added: FieldSet;
}

export function compare(before: unknown, after: unknown, type: FieldType): Comparison {
  const { removed, modified, added } = compareValues(before, after, type) ?? {};
  return { removed: removed ?? EMPTY_SET, modified: modified ?? EMPTY_SET, added: added ?? EMPTY_SET };
}

/** What lies at one path; undefined: nothing changed. */
interface Changes {
  removed?: FieldSet | undefined;
  modified?: FieldSet | undefined;
  added?: FieldSet | undefined;
}

function compareValues(before: unknown, after: unknown, type: FieldType): Changes | undefined {
  if (before === after) return undefined;
  if (before === undefined) return { added: allOf(after, type) };
  if (after === undefined) return { removed: allOf(before, type) };
  if (type.kind === 'map' && !type.atomic && isBranch(before, after, isMap)) {
    return mapChanges(before as JsonMap, after as JsonMap, type);
  }
  if (type.kind === 'list' && type.relation !== 'atomic' && isBranch(before, after, Array.isArray)) {
    return listChanges((before ?? []) as unknown[], (after ?? []) as unknown[], type);
  }
  return sameJson(before, after) ? undefined : { modified: LEAF };
}

type JsonMap = Record<string, unknown>;

/** Both are containers, or null beside one, and not both are empty: an empty container is a leaf beside another. */
function isBranch(before: unknown, after: unknown, isKind: (value: unknown) => boolean): boolean {
  const fits = (value: unknown) => value === null || isKind(value);
  return fits(before) && fits(after) && (size(before) > 0 || size(after) > 0);
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function size(value: unknown): number {
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}

/** A whole value that came or went: itself and everything in it. */
function allOf(value: unknown, type: FieldType): FieldSet {
  const children = new Map<string, FieldSet>();
  if (type.kind === 'map' && !type.atomic && isMap(value)) {
    for (const [name, member] of Object.entries(value as JsonMap)) {
      children.set(fieldElement(name), allOf(member, type.field(name) ?? SCALAR));
    }
  } else if (type.kind === 'list' && type.relation !== 'atomic' && Array.isArray(value)) {
    for (const [element, items] of itemsByElement(value, type)) {
      children.set(element, items.length === 1 ? allOf(items[0], type.item()) : LEAF);
    }
  }
  return fieldSet(true, children)!;
}

const SCALAR: FieldType = { kind: 'scalar', scalar: 'any' };

/** Collects the changes of children under their path elements. */
class Branch {
  readonly #removed = new Map<string, FieldSet>();
  readonly #modified = new Map<string, FieldSet>();
  readonly #added = new Map<string, FieldSet>();

  add(element: string, changes: Changes | undefined): void {
    if (changes?.removed) this.#removed.set(element, changes.removed);
    if (changes?.modified) this.#modified.set(element, changes.modified);
    if (changes?.added) this.#added.set(element, changes.added);
  }

  changes(): Changes | undefined {
    if (this.#removed.size + this.#modified.size + this.#added.size === 0) return undefined;
    return {
      removed: fieldSet(false, this.#removed),
      modified: fieldSet(false, this.#modified),
      added: fieldSet(false, this.#added),
    };
  }
}

function mapChanges(before: JsonMap | null, after: JsonMap | null, type: MapType): Changes | undefined {
  const branch = new Branch();
  for (const name of Object.keys({ ...before, ...after })) {
    branch.add(fieldElement(name), compareValues(before?.[name], after?.[name], type.field(name) ?? SCALAR));
  }
  return branch.changes();
}

function listChanges(before: unknown[], after: unknown[], type: ListType): Changes | undefined {
  const branch = new Branch();
  const left = itemsByElement(before, type);
  const right = itemsByElement(after, type);
  for (const element of new Set([...left.keys(), ...right.keys()])) {
    branch.add(element, itemChanges(left.get(element) ?? [], right.get(element) ?? [], type));
  }
  return branch.changes();
}

/** Items that share their element are compared as one thing. */
function itemChanges(before: unknown[], after: unknown[], type: ListType): Changes | undefined {
  if (before.length <= 1 && after.length <= 1) return compareValues(before[0], after[0], type.item());
  if (before.length >= 2 && after.length >= 2) return sameJson(before, after) ? undefined : { modified: LEAF };
  if (before.length >= 2) return { removed: LEAF, added: after.length > 0 ? allOf(after[0], type.item()) : undefined };
  return { added: LEAF, removed: before.length > 0 ? allOf(before[0], type.item()) : undefined };
}

function itemsByElement(list: unknown[], type: ListType): Map<string, unknown[]> {
  const items = new Map<string, unknown[]>();
  for (const item of list) {
    const element = itemElement(type, item);
    if (element === undefined) continue;
    const same = items.get(element);
    if (same) same.push(item);
    else items.set(element, [item]);
  }
  return items;
}
