import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { type Counter, KEPT_MS, SLOTS_PER_BUCKET, type Slot, type Stamp, type StoredObject } from './database.ts';

/** What the store keeps, as items of its tables. Attribute names are paid for in every item. */
export type AttributeMap = Record<string, AttributeValue>;

export const N = (value: number): AttributeValue => ({ N: String(value) });
export const S = (value: string): AttributeValue => ({ S: value });
export const B = (value: Uint8Array): AttributeValue => ({ B: value });

/** The name of the counter's item. */
export const COUNTER_KEY: AttributeMap = { pk: S('revision') };

/** Seconds since the epoch, as a table's time to live wants them. */
export const seconds = (ms: number): AttributeValue => N(Math.ceil(ms / 1000));

/** `pods/default/web` → pk `pods`, sk `default/web` */
export function objectKey(key: string): AttributeMap {
  const slash = key.indexOf('/');
  return { pk: S(key.slice(0, slash)), sk: S(key.slice(slash + 1)) };
}

export function objectItem(key: string, revision: number, body: Uint8Array): AttributeMap {
  return { ...objectKey(key), revision: N(revision), body: B(body) };
}

/** What is left of an object, for longer than any writer can be frozen. */
export function tombstoneItem(key: string, revision: number, atMs: number): AttributeMap {
  return { ...objectKey(key), revision: N(revision), expires: seconds(atMs + KEPT_MS) };
}

export function storedObject(item: AttributeMap): StoredObject {
  return {
    key: `${item['pk']!.S}/${item['sk']!.S}`,
    revision: number(item, 'revision')!,
    ...defined('body', item['body']?.B),
    ...defined('checked', number(item, 'checked')),
  };
}

export function slotKey(revision: number): AttributeMap {
  return { pk: N(Math.floor(revision / SLOTS_PER_BUCKET)), sk: N(revision) };
}

export function slotItem({ revision, atMs, decided, commitId, body }: Slot): AttributeMap {
  return {
    ...slotKey(revision),
    at: N(atMs),
    expires: seconds(atMs + KEPT_MS),
    ...(decided === undefined ? {} : { decided: N(decided) }),
    ...(commitId === undefined ? {} : { commit: S(commitId) }),
    ...(body === undefined ? {} : { body: B(body) }),
  };
}

export function slotOf(item: AttributeMap): Slot {
  return {
    revision: number(item, 'sk')!,
    atMs: number(item, 'at')!,
    ...defined('decided', number(item, 'decided')),
    ...defined('commitId', item['commit']?.S),
    ...defined('body', item['body']?.B),
  };
}

export function counterOf(item: AttributeMap = {}): Counter {
  const atMs = number(item, 'at');
  const stamp: Stamp | undefined =
    atMs === undefined ? undefined : { atMs, ...defined('decided', number(item, 'decided')) };
  return {
    revision: number(item, 'revision') ?? 0,
    compacted: number(item, 'compacted') ?? 0,
    ...defined('stamp', stamp),
  };
}

export function partKey(id: string, part: number): AttributeMap {
  return { pk: S(id), sk: N(part) };
}

function number(item: AttributeMap, name: string): number | undefined {
  const value = item[name]?.N;
  return value === undefined ? undefined : Number(value);
}

function defined<K extends string, V>(name: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [key in K]?: V });
}
