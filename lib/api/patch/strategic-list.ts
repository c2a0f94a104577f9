import { goValue } from '../go-text.ts';
import { resolve, type Schema } from '../schema/openapi.ts';
import { badRequest, StatusError } from '../status.ts';
import { isObject, type JsonObject, mergeMap, unknownDirective, withoutDirectives } from './strategic.ts';

/** Lists whose patch strategy is merge: maps by their merge key, scalars as sets. */
export function mergeLists(live: unknown[], patch: unknown[], schema: Schema): unknown[] {
  const items = [...live, ...patch];
  if (items.length === 0) return live;
  if (items.some(Array.isArray)) throw badRequest('lists of lists are not supported');
  if (!items.some(isObject)) return orderedBy([...new Set(items)], patch, live, undefined);
  if (!items.every(isObject)) throw new StatusError(500, '', 'list element types are not identical');
  return mergeMapsByKey(live as JsonObject[], patch as JsonObject[], schema);
}

function mergeMapsByKey(live: JsonObject[], patch: JsonObject[], schema: Schema): unknown[] {
  const key = schema['x-kubernetes-patch-merge-key'];
  if (!key) throw new StatusError(500, '', 'cannot merge lists without merge key');
  const plain = patch.filter((item) => !('$patch' in item));
  const base = directed(live, patch, key);
  if (!base) return plain;
  const merged = [...base];
  for (const item of plain) {
    requireKey(item, key);
    const at = merged.findIndex((other) => other[key] === item[key]);
    if (at < 0) merged.push(withoutDirectives(item) as JsonObject);
    else merged[at] = mergeMap(merged[at]!, item, resolve(schema.items));
  }
  return orderedBy(merged, plain, base, key);
}

/** The live items after `$patch: delete`; undefined when `$patch: replace` takes the patch's items alone. */
function directed(live: JsonObject[], patch: JsonObject[], key: string): JsonObject[] | undefined {
  const gone = new Set<unknown>();
  let replace = false;
  for (const item of patch) {
    const directive = item['$patch'];
    if (directive === undefined) continue;
    if (directive === 'delete') gone.add(requireKey(item, key));
    else if (directive === 'replace') replace = true;
    else if (directive === 'merge')
      throw new StatusError(500, '', 'merging lists cannot yet be specified in the patch');
    else throw unknownDirective(item);
  }
  return replace ? undefined : live.filter((item) => !gone.has(item[key]));
}

function requireKey(item: JsonObject, key: string): unknown {
  if (key in item) return item[key];
  throw new StatusError(500, '', `map: ${goValue(item)} does not contain declared merge key: ${key}`);
}

/**
 * What the order names comes in that order, the rest in the live order; the two are interleaved by the live order as far
 * as it tells (normalizeElementOrder and mergeSortedSlice upstream).
 */
export function orderedBy(items: unknown[], order: unknown[], live: unknown[], key: string | undefined): unknown[] {
  const identity = (item: unknown) => (key === undefined || !isObject(item) ? item : item[key]);
  const wanted = positions(order, identity);
  const present = positions(live, identity);
  const rank = (at: Map<unknown, number>) => (item: unknown) => at.get(identity(item)) ?? Number.MAX_SAFE_INTEGER;
  const named = items.filter((item) => wanted.has(identity(item))).sort(by(rank(wanted)));
  const others = items.filter((item) => !wanted.has(identity(item))).sort(by(rank(present)));
  return interleave(others, named, (item) => present.get(identity(item)));
}

/** The patch's items must come in the order that `$setElementOrder` says. */
export function checkOrder(patch: unknown[], order: unknown[], key: string | undefined): void {
  if (order.length === 0) return;
  const identity = (item: unknown) => (key === undefined || !isObject(item) ? item : item[key]);
  const named = patch.filter((item) => !isObject(item) || !('$patch' in item));
  let next = 0;
  for (const item of order) if (next < named.length && identity(named[next]) === identity(item)) next++;
  if (next === named.length) return;
  const lists = [goValue(patch), goValue(order)] as const;
  const message = `The order in patch list:\n${lists[0]}\n doesn't match $setElementOrder list:\n${lists[1]}\n`;
  throw new StatusError(500, '', message);
}

function positions(list: unknown[], identity: (item: unknown) => unknown): Map<unknown, number> {
  return new Map(list.map((item, index) => [identity(item), index] as const).reverse());
}

function by(rank: (item: unknown) => number): (a: unknown, b: unknown) => number {
  return (a, b) => rank(a) - rank(b);
}

/** A left item goes first only where both were live and it stood before. */
function interleave(left: unknown[], right: unknown[], livePosition: (item: unknown) => number | undefined): unknown[] {
  const merged: unknown[] = [];
  let i = 0;
  for (const item of right) {
    const at = livePosition(item);
    for (; i < left.length && at !== undefined && (livePosition(left[i]) ?? at) < at; i++) merged.push(left[i]);
    merged.push(item);
  }
  return [...merged, ...left.slice(i)];
}
