import { keyOf } from '../../lib/api/object.ts';
import type { Cache } from '../../lib/client/controller.ts';
import { nameHash } from './hash.ts';

/** apiserver/pkg/storage/names: what generateName cuts a base to. */
const MAX_BASE_LENGTH = 58;
const SUFFIX_LENGTH = 5;

export function baseName(owner: string): string {
  return `${owner}-`.slice(0, MAX_BASE_LENGTH);
}

/**
 * Names for new replicas that two reconcilers of the same owner agree on: the lowest numbers whose names nobody holds.
 * So a replica that both make is made once, and the other learns of it by AlreadyExists.
 */
export function replicaNames(
  owner: { name: string; uid: string },
  count: number,
  isHeld: (name: string) => boolean,
): string[] {
  const base = baseName(owner.name);
  const names = new Set<string>();
  for (let number = 0; names.size < count; number++) {
    const name = base + nameHash(`${owner.uid}/${number}`, SUFFIX_LENGTH);
    if (!isHeld(name)) names.add(name);
  }
  return [...names];
}

/** Names of objects that have gone lately. So many are remembered. */
const MAX_GONE = 20_000;
const gone = new WeakMap<Cache<any>, Set<string>>();

/** Register before the caches start. */
export function rememberNames(cache: Cache<any>): void {
  if (gone.has(cache)) return;
  const names = new Set<string>();
  gone.set(cache, names);
  cache.subscribe((object, previous) => {
    if (object || !previous) return;
    names.add(keyOf(previous));
    if (names.size > MAX_GONE) names.delete(names.values().next().value!);
  });
}

/**
 * Whether a name is taken, or was until lately: who waits for a pod to go by its name must not meet its successor.
 * An instance that does not remember chooses another name than one that does: at worst one pod too many, for a moment.
 */
export function isHeld(cache: Cache<any>, namespace: string | undefined, name: string): boolean {
  const key = `${namespace}/${name}`;
  return cache.get(key) !== undefined || gone.get(cache)?.has(key) === true;
}
