import type { KubeObject } from '../object.ts';
import type { GroupVersionKind } from '../resources.ts';
import { decoderOf } from '../schema/decode.ts';
import { definitionOf } from '../schema.ts';
import type { ManagedFieldsEntry } from '../types.ts';
import { difference, EMPTY_SET, isEmpty, union } from './field-set.ts';
import {
  capUpdaters,
  identity,
  type Manager,
  type Managers,
  readManagers,
  UNOWNED,
  writeManagers,
} from './managers.ts';
import { compareFor, takeOver, versionOf, type WriteBy, withoutReset } from './ownership.ts';

/**
 * metadata.managedFields after a create, update or patch: the writer owns what it changed or added.
 * `live` is undefined on a create. An object that nobody tracked stays so: its first apply begins the tracking.
 * Sources: structured-merge-diff/merge/update.go Update, k8s.io/apimachinery/pkg/util/managedfields.
 */
export function trackManagedFields(
  live: KubeObject | undefined,
  next: KubeObject,
  write: WriteBy,
): ManagedFieldsEntry[] | undefined {
  const given = givenManagers(live, next, write);
  if (given.size === 0 && live) return undefined;
  return writeManagers(trackUpdate(live ?? emptyObject(write.gvk), next, given, write));
}

/** A writer may change managedFields itself, but not through a subresource; `[{}]` forgets all. */
function givenManagers(live: KubeObject | undefined, next: KubeObject, { subresource }: WriteBy): Managers {
  const given = next.metadata?.managedFields;
  if (subresource !== '' || !live) return readManagers(subresource === '' && !live ? next : live);
  if (given?.length === 1 && Object.keys(given[0]!).length === 0) return new Map();
  const own = readManagers(next);
  return own.size > 0 ? own : readManagers(live);
}

/** What a kind's empty Go value encodes to: the structs that are always there belong to nobody. */
export function emptyObject(gvk: GroupVersionKind): KubeObject {
  const definition = definitionOf(gvk);
  return definition ? (decoderOf(definition)({}, { members: 0, unknown: false }) as KubeObject) : {};
}

export function trackUpdate(live: KubeObject, next: KubeObject, managers: Managers, write: WriteBy): Managers {
  const changes = compareFor(write, live, next);
  const writer: Manager = {
    manager: write.manager,
    operation: 'Update',
    apiVersion: versionOf(write),
    subresource: write.subresource,
    time: write.now,
    set: EMPTY_SET,
  };
  const key = identity(writer);
  const left = takeOver(managers, '', changes);
  const changed = difference(withoutReset(union(changes.modified, changes.added), write), UNOWNED);
  if (!isEmpty(changed)) left.set(key, { ...writer, set: union(left.get(key)?.set, changed) });
  return capUpdaters(left);
}
