import { goQuote } from '../go-text.ts';
import type { KubeObject } from '../object.ts';
import type { ManagedFieldsEntry } from '../types.ts';
import { type FieldSet, type FieldsV1, isEmpty, parseFields, union, writeFields } from './field-set.ts';

/** Who made the fields of a set as they are, by what, and when last. */
export interface Manager {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  /** The version that the fields are named in. */
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly set: FieldSet;
}

/** By identity: appliers are one whatever version they apply in. */
export type Managers = ReadonlyMap<string, Manager>;

export function identity({ manager, operation, apiVersion, subresource }: Omit<Manager, 'set' | 'time'>): string {
  return JSON.stringify([manager, operation, operation === 'Apply' ? '' : apiVersion, subresource]);
}

/** Entries that cannot be read count as none, as upstream treats them. */
export function readManagers(object: KubeObject | undefined): Managers {
  const managers = new Map<string, Manager>();
  for (const entry of object?.metadata?.managedFields ?? []) {
    const read = readEntry(entry);
    if (!read) continue;
    const key = identity(read);
    const known = managers.get(key);
    managers.set(key, known ? { ...known, set: union(known.set, read.set) } : read);
  }
  return managers;
}

function readEntry(entry: ManagedFieldsEntry): Manager | undefined {
  const { manager = '', operation, apiVersion = '', subresource = '', time, fieldsV1 } = entry;
  if (operation !== 'Apply' && operation !== 'Update') return undefined;
  return {
    manager,
    operation,
    apiVersion,
    subresource,
    time: time ?? undefined,
    set: parseFields(fieldsV1 as FieldsV1),
  };
}

/** As metadata.managedFields: appliers first, then by time and name. undefined when nobody owns anything. */
export function writeManagers(managers: Managers): ManagedFieldsEntry[] | undefined {
  const entries = [...managers.values()].filter(({ set }) => !isEmpty(set)).sort(byOrder);
  return entries.length === 0 ? undefined : entries.map(writeEntry);
}

function writeEntry({ manager, operation, apiVersion, time, set, subresource }: Manager): ManagedFieldsEntry {
  return {
    ...(manager ? { manager } : {}),
    operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: writeFields(set) as NonNullable<ManagedFieldsEntry['fieldsV1']>,
    ...(subresource ? { subresource } : {}),
  };
}

function byOrder(a: Manager, b: Manager): number {
  return (
    order(a.operation, b.operation) ||
    order(a.time ?? '', b.time ?? '') ||
    order(a.manager, b.manager) ||
    order(a.apiVersion, b.apiVersion) ||
    order(a.subresource, b.subresource)
  );
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `"kubectl-create" using v1`; appliers go by their name alone. */
export function managerText({ manager, operation, apiVersion, subresource }: Manager): string {
  const name = subresource ? `${goQuote(manager)} with subresource ${goQuote(subresource)}` : goQuote(manager);
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}

/** Fields that nobody owns: names and what the server sets. Source: managedfields/internal/stripmeta.go. */
export const UNOWNED = parseFields({
  'f:apiVersion': {},
  'f:kind': {},
  'f:metadata': {
    '.': {},
    'f:name': {},
    'f:namespace': {},
    'f:creationTimestamp': {},
    'f:selfLink': {},
    'f:uid': {},
    'f:clusterName': {},
    'f:generation': {},
    'f:managedFields': {},
    'f:resourceVersion': {},
  },
});

/** More updaters than this are folded into one, so that objects do not grow for ever. Source: capmanagers.go. */
const MAX_UPDATERS = 10;
const OLD_UPDATERS = 'ancient-changes';

/** Folds the oldest updaters, version by version. */
export function capUpdaters(managers: Managers): Managers {
  const updaters = [...managers].filter(([, { operation }]) => operation === 'Update');
  if (updaters.length <= MAX_UPDATERS) return managers;
  const oldest = updaters.sort(([, a], [, b]) => order(a.time ?? '', b.time ?? '') || order(a.manager, b.manager));
  const capped = new Map(managers);
  let over = updaters.length - MAX_UPDATERS;
  for (const [key, manager] of oldest) {
    if (over < 0) break;
    const folded = { ...manager, manager: OLD_UPDATERS, subresource: '' };
    const into = capped.get(identity(folded));
    if (manager.manager === OLD_UPDATERS) continue;
    capped.delete(key);
    capped.set(identity(folded), into ? { ...folded, set: union(into.set, manager.set) } : folded);
    if (into) over--;
  }
  return capped;
}
