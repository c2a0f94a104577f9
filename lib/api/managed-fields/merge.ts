import type { FieldSet } from './field-set.ts';
import type { FieldType, ListType, MapType } from './field-type.ts';
import { fieldElement, itemElement } from './path-element.ts';

/**
 * The live object with a configuration laid over it: maps by field, keyed lists by item, everything else replaced.
 * Source: structured-merge-diff/typed/merge.go. Neither argument is changed.
 */
export function mergeTyped(live: unknown, applied: unknown, type: FieldType): unknown {
  if (applied === undefined) return live;
  if (type.kind === 'map' && !type.atomic && isMapOrNull(live) && isMap(applied)) return mergeMaps(live, applied, type);
  if (type.kind === 'list' && type.relation !== 'atomic' && Array.isArray(applied)) {
    return mergeLists(Array.isArray(live) ? live : [], applied, type);
  }
  return applied;
}

type JsonMap = Record<string, unknown>;

function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isMapOrNull(value: unknown): value is JsonMap | null | undefined {
  return value === undefined || value === null || isMap(value);
}

const SCALAR: FieldType = { kind: 'scalar', scalar: 'any' };

function mergeMaps(live: JsonMap | null | undefined, applied: JsonMap, type: MapType): JsonMap {
  const merged: JsonMap = { ...live };
  for (const [name, value] of Object.entries(applied)) {
    const member = mergeTyped(live?.[name], value, type.field(name) ?? SCALAR);
    Object.defineProperty(merged, name, { value: member, enumerable: true, configurable: true, writable: true });
  }
  return merged;
}

interface Item {
  element: string | undefined;
  item: unknown;
}

/** Applied items keep their order; live ones stay where they are between the items that both lists share. */
function mergeLists(live: unknown[], applied: unknown[], type: ListType): unknown[] {
  const left = live.map((item) => ({ item, element: itemElement(type, item) }));
  const right = applied.map((item) => ({ item, element: itemElement(type, item) }));
  const liveItems = new Map(left.map(({ element, item }) => [element, item]));
  return interleave(left, right).map(({ element, item, live: liveOnly }) =>
    liveOnly ? item : mergeTyped(liveItems.get(element), item, type.item()),
  );
}

/** The walk over both lists at once of visitListItems upstream: `shared` are the items yet to come that both have. */
function interleave(left: Item[], right: Item[]): (Item & { live: boolean })[] {
  const inLeft = new Set(left.map(({ element }) => element));
  const inRight = new Set(right.map(({ element }) => element));
  const shared = right.filter(({ element }) => inLeft.has(element)).map(({ element }) => element);
  const merged: (Item & { live: boolean })[] = [];
  let at = 0;
  for (const item of right) {
    for (; at < left.length && left[at]!.element !== item.element; at++) {
      const { element } = left[at]!;
      if (!inRight.has(element)) merged.push({ ...left[at]!, live: true });
      else if (shared[0] === element) break;
    }
    if (left[at]?.element === item.element) at++;
    if (shared[0] === item.element) shared.shift();
    merged.push({ ...item, live: false });
  }
  const rest = left.slice(at).filter(({ element }) => !inRight.has(element));
  return [...merged, ...rest.map((item) => ({ ...item, live: true }))];
}

/**
 * The object without the fields of a set; containers that become empty go too.
 * Source: structured-merge-diff/typed/remove.go.
 */
export function removeFields(value: unknown, gone: FieldSet, type: FieldType): unknown {
  if (type.kind === 'map' && isMap(value))
    return type.atomic || isHollow(value) ? undefined : removeFromMap(value, gone, type);
  if (type.kind === 'list' && Array.isArray(value)) {
    return type.relation === 'atomic' || value.length === 0 ? undefined : removeFromList(value, gone, type);
  }
  return type.kind === 'scalar' ? value : undefined;
}

function isHollow(map: JsonMap): boolean {
  return Object.keys(map).length === 0;
}

function removeFromMap(map: JsonMap, gone: FieldSet, type: MapType): JsonMap | undefined {
  const kept: [string, unknown][] = [];
  for (const [name, member] of Object.entries(map)) {
    const inner = gone.children.get(fieldElement(name));
    if (inner?.member) continue;
    const left = inner ? removeFields(member, inner, type.field(name) ?? SCALAR) : member;
    kept.push([name, left === undefined ? null : left]);
  }
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

function removeFromList(list: unknown[], gone: FieldSet, type: ListType): unknown[] | undefined {
  const kept: unknown[] = [];
  for (const item of list) {
    const element = itemElement(type, item);
    const inner = element === undefined ? undefined : gone.children.get(element);
    if (inner?.member) continue;
    kept.push(inner ? removeFields(item, inner, type.item()) : item);
  }
  return kept.length > 0 ? kept : undefined;
}
