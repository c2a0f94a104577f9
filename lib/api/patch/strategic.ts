import { goValue } from '../go-text.ts';
import { resolve, type Schema } from '../schema/openapi.ts';
import { badRequest, StatusError } from '../status.ts';
import { checkOrder, mergeLists, orderedBy } from './strategic-list.ts';

/**
 * Strategic merge patch: a merge patch that merges lists by the schema's keys and understands directives.
 * Source: k8s.io/apimachinery/pkg/util/strategicpatch (mergeMap with MergeParallelList and IgnoreUnmatchedNulls).
 * Neither argument is changed.
 */
export type JsonObject = Record<string, unknown>;

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_FROM_LIST = '$deleteFromPrimitiveList/';
const SET_ORDER = '$setElementOrder/';

export function applyStrategicMergePatch(document: unknown, patch: unknown, schema: Schema | undefined): unknown {
  if (!schema) throw badRequest('strategic merge patch format is not supported');
  if (!isObject(patch)) {
    throw badRequest('json: cannot unmarshal array into Go value of type map[string]interface {}');
  }
  return mergeMap(isObject(document) ? document : {}, patch, schema);
}

export function mergeMap(original: JsonObject, patch: JsonObject, schema: Schema | undefined): JsonObject {
  if (DIRECTIVE in patch) return directedMap(patch);
  const result = retained(original, patch);
  const ordered = mergeOrderedLists(result, patch, schema);
  for (const [key, value] of Object.entries(patch)) {
    if (key === RETAIN_KEYS || key.startsWith(SET_ORDER) || ordered.has(key)) continue;
    if (key.startsWith(DELETE_FROM_LIST)) deleteFromList(result, key.slice(DELETE_FROM_LIST.length), value);
    else mergeMember(result, key, value, schema);
  }
  return result;
}

/** `$patch: replace` takes the rest as it is, `$patch: delete` leaves an empty map. */
function directedMap(patch: JsonObject): JsonObject {
  const { [DIRECTIVE]: directive, ...rest } = patch;
  if (directive === 'replace') return rest;
  if (directive === 'delete') return {};
  throw unknownDirective(patch);
}

/** Upstream gives this fault no reason of its own: it is answered 500 with the bare text. */
export function unknownDirective(map: JsonObject): StatusError {
  return new StatusError(500, '', `unknown patch type: ${map[DIRECTIVE]} in map: ${goValue(map)}`);
}

function mergeMember(result: JsonObject, key: string, value: unknown, schema: Schema | undefined): void {
  const present = result[key];
  if (value === null) delete result[key];
  else if (isObject(value) && isObject(present)) result[key] = mergeMaps(present, value, memberSchema(schema, key));
  else if (Array.isArray(value) && Array.isArray(present)) {
    result[key] = mergesList(memberSchema(schema, key))
      ? mergeLists(present, value, memberSchema(schema, key)!)
      : value;
  } else {
    const plain = withoutDirectives(value);
    if (plain === undefined) delete result[key];
    else result[key] = plain;
  }
}

function mergeMaps(present: JsonObject, value: JsonObject, schema: Schema | undefined): JsonObject {
  return strategies(schema).includes('replace') ? value : mergeMap(present, value, resolve(schema));
}

function mergesList(schema: Schema | undefined): boolean {
  return strategies(schema).includes('merge');
}

function strategies(schema: Schema | undefined): string[] {
  return schema?.['x-kubernetes-patch-strategy']?.split(',') ?? [];
}

/** The schema of a member as the struct declares it: its patch strategy stands beside the reference, not behind it. */
function memberSchema(schema: Schema | undefined, key: string): Schema | undefined {
  const object = resolve(schema);
  return object?.properties?.[key] ?? object?.additionalProperties;
}

/** `$retainKeys`: a union member is switched, the others go. */
function retained(original: JsonObject, patch: JsonObject): JsonObject {
  const keep = patch[RETAIN_KEYS];
  if (keep === undefined) return { ...original };
  if (!Array.isArray(keep)) throw badRequest('invalid patch format of retainKeys');
  const stray = Object.entries(patch).some(
    ([key, value]) => value !== null && !key.startsWith('$') && !keep.includes(key),
  );
  if (stray) throw badRequest('invalid patch format of retainKeys');
  return Object.fromEntries(Object.entries(original).filter(([key]) => keep.includes(key)));
}

/** Lists with a `$setElementOrder/NAME` beside them; gives the names that are done. */
function mergeOrderedLists(result: JsonObject, patch: JsonObject, schema: Schema | undefined): Set<string> {
  const done = new Set<string>();
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(SET_ORDER)) continue;
    const name = key.slice(SET_ORDER.length);
    if (patch[name] === null) continue;
    if (!Array.isArray(order)) throw badRequest('invalid patch format of setElementOrder list');
    done.add(name);
    mergeOrdered(result, name, patch[name], order, memberSchema(schema, name) ?? {});
  }
  return done;
}

function mergeOrdered(result: JsonObject, name: string, given: unknown, order: unknown[], schema: Schema): void {
  const live = Array.isArray(result[name]) ? result[name] : undefined;
  const patch = Array.isArray(given) ? given : undefined;
  if (patch) checkOrder(patch, order, schema['x-kubernetes-patch-merge-key']);
  if (!live && !patch) return;
  if (!live?.length && !patch?.length) throw new StatusError(500, '', 'no elements in any of the given slices');
  const merged = live && patch ? mergeBoth(live, patch, schema) : (live ?? (withoutDirectives(patch) as unknown[]));
  result[name] = orderedBy(merged, order, live ?? [], schema['x-kubernetes-patch-merge-key']);
}

function mergeBoth(live: unknown[], patch: unknown[], schema: Schema): unknown[] {
  return mergesList(schema) ? mergeLists(live, patch, schema) : patch;
}

function deleteFromList(result: JsonObject, name: string, gone: unknown): void {
  if (!Array.isArray(gone)) throw badRequest('invalid patch format of primitive list');
  const present = result[name];
  if (Array.isArray(present)) result[name] = present.filter((item) => !gone.includes(item));
}

/** A value that is new where the patch puts it: nulls and directives in it mean nothing. undefined: it is a directive itself. */
export function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  if (DIRECTIVE in value) return undefined;
  const kept = Object.entries(value).flatMap(([key, member]) => {
    const plain = member === null || key.startsWith('$') ? undefined : withoutDirectives(member);
    return plain === undefined ? [] : [[key, plain]];
  });
  return Object.fromEntries(kept);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
