import { type Item, type ItemList, type ListOptions, StoreError } from '../contract.ts';
import { decodeToken, encodeToken } from './continue-token.ts';
import type { StorageType } from './storage-type.ts';

/** The newest revision, and the one before which continue tokens are too old, whether or not their type has changed since. */
export interface Bounds {
  newest: number;
  aged: number;
}

/** Exactly the state at one revision: the present items with every later log entry undone. */
export function list(type: StorageType, prefix: string, options: ListOptions, { newest, aged }: Bounds): ItemList {
  const position = options.continue ? decodeToken(options.continue, prefix) : undefined;
  const revision = (position ? position.revision : options.revision) || newest;
  checkRevision(revision, { newest, oldest: Math.max(type.log.compacted, position ? aged : 0) }, position?.after);
  return page(type, prefix, revision, position?.after, options.limit || Number.POSITIVE_INFINITY);
}

function checkRevision(
  revision: number,
  { newest, oldest }: { newest: number; oldest: number },
  after: string | undefined,
): void {
  if (revision > newest) {
    throw new StoreError('FutureRevision', `revision ${revision} is not reached yet, the newest is ${newest}`);
  }
  if (revision < oldest) {
    const more = after === undefined ? {} : { continue: encodeToken({ revision: 0, after }) };
    throw new StoreError('Expired', `revision ${revision} is compacted, the oldest is ${oldest}`, more);
  }
}

function page(type: StorageType, prefix: string, revision: number, after: string | undefined, limit: number): ItemList {
  const undone = undo(type, prefix, revision, after);
  const { from, to } = type.index.range(prefix, after);
  if (undone.size === 0) {
    const items = type.index.slice(from, Math.min(to, from + limit));
    return answer(items, revision, to - from - items.length);
  }
  const all = merge(type.index.slice(from, to), undone);
  return answer(all.slice(0, limit), revision, Math.max(0, all.length - limit));
}

function answer(items: Item[], revision: number, remaining: number): ItemList {
  const last = items.at(-1);
  if (remaining === 0 || !last) return { items, revision };
  return { items, revision, continue: encodeToken({ revision, after: last.key }), remaining };
}

/** What each key changed after `revision` was at it; undefined: not there. */
function undo(type: StorageType, prefix: string, revision: number, after = ''): Map<string, Item | undefined> {
  const undone = new Map<string, Item | undefined>();
  for (const entry of type.log.from(type.log.positionAfter(revision))) {
    const inRange = entry.key.startsWith(prefix) && entry.key > after;
    if (inRange && !undone.has(entry.key)) undone.set(entry.key, entry.before);
  }
  return undone;
}

function merge(present: Item[], undone: Map<string, Item | undefined>): Item[] {
  const kept = present.filter((item) => !undone.has(item.key));
  for (const item of undone.values()) if (item) kept.push(item);
  return kept.sort((a, b) => (a.key < b.key ? -1 : 1));
}
