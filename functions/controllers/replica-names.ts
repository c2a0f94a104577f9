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
