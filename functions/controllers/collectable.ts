import { builtinResources, storageType } from '../../lib/api/resources.ts';
import type { ObjectMeta } from '../../lib/api/types.ts';
import { metadataOf, type ResourceType, resourceType } from '../../lib/client/resource-type.ts';

export type Meta = { metadata?: ObjectMeta | undefined };

const NEEDED_VERBS = ['list', 'watch', 'delete'];

export function isCollectable(verbs: readonly string[]): boolean {
  return NEEDED_VERBS.every((verb) => verbs.includes(verb));
}

/** Every kind of object that can be listed, watched and deleted, once, in its group's preferred version, by its metadata. Events are nobody's. */
export const collectable: readonly ResourceType<Meta>[] = distinctTypes();

function distinctTypes(): ResourceType<Meta>[] {
  const types = new Map<string, ResourceType<Meta>>();
  for (const { group, version, resource, kind, namespaced, verbs } of builtinResources) {
    const name = storageType({ group, resource });
    if (name === 'events' || types.has(name) || !isCollectable(verbs)) continue;
    types.set(name, metadataOf(resourceType(group, version, resource, kind, namespaced)));
  }
  return [...types.values()];
}
