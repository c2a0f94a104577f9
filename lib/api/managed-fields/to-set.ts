import { EMPTY_SET, type FieldSet, fieldSet, LEAF } from './field-set.ts';
import type { FieldType, ListType, MapType } from './field-type.ts';
import { fieldElement, itemElement } from './path-element.ts';

/**
 * The fields that a configuration names: leaves, list items, entries of maps, empty maps.
 * Source: structured-merge-diff/typed/tofieldset.go.
 */
export function toFieldSet(value: unknown, type: FieldType): FieldSet {
  return below(value, type) ?? EMPTY_SET;
}

type JsonMap = Record<string, unknown>;

/** The set at this path, without the path itself where it is a branch. */
function below(value: unknown, type: FieldType): FieldSet | undefined {
  if (type.kind === 'map' && !type.atomic) return isMap(value) ? mapSet(value, type) : undefined;
  if (type.kind === 'list' && type.relation !== 'atomic')
    return Array.isArray(value) ? listSet(value, type) : undefined;
  return LEAF;
}

function mapSet(map: JsonMap, type: MapType): FieldSet | undefined {
  const children = new Map<string, FieldSet>();
  for (const [name, member] of Object.entries(map)) {
    const inner = below(member, type.field(name) ?? SCALAR);
    const owned = member === null || (isMap(member) && Object.keys(member).length === 0) || !type.declares(name);
    const set = owned ? withItself(inner) : inner;
    if (set) children.set(fieldElement(name), set);
  }
  return fieldSet(false, children);
}

const SCALAR: FieldType = { kind: 'scalar', scalar: 'any' };

function listSet(list: unknown[], type: ListType): FieldSet | undefined {
  const children = new Map<string, FieldSet>();
  for (const item of list) {
    const element = itemElement(type, item);
    if (element === undefined) continue;
    children.set(element, children.has(element) ? LEAF : withItself(below(item, type.item())));
  }
  return fieldSet(false, children);
}

function withItself(set: FieldSet | undefined): FieldSet {
  return set ? { member: true, children: set.children } : LEAF;
}

function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Adds the declared fields that have members below them. Source: EnsureNamedFieldsAreMembers in fieldpath/set.go. */
export function withNamedFields(set: FieldSet, type: FieldType): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [element, inner] of set.children) {
    const named = type.kind === 'map' && element.startsWith('f:') && type.declares(element.slice(2));
    const full = withNamedFields(inner, childType(type, element));
    children.set(element, named && !full.member ? { ...full, member: true } : full);
  }
  return { member: set.member, children };
}

export function childType(type: FieldType, element: string): FieldType {
  if (type.kind === 'list') return type.item();
  return (type.kind === 'map' ? type.field(element.slice(2)) : undefined) ?? SCALAR;
}
