import type { KubeObject, Stored } from '../../../lib/api/object.ts';
import type { Write } from '../../../lib/storage/contract.ts';
import { encodeObject } from '../encode.ts';
import { storageKey } from '../reader.ts';
import type { Reconcile } from './policy.ts';

/** Objects of one storage type that every cluster has. */
export interface Expected {
  readonly type: string;
  readonly objects: readonly KubeObject[];
  readonly reconcile: Reconcile;
}

/** What a new object gets. */
export interface Birth {
  uuid(): string;
  /** RFC 3339. */
  now: string;
}

/** The writes that make what is stored what it should be; none when it is. */
export function planWrites(expected: Expected, stored: readonly Stored<KubeObject>[], birth: Birth): Write[] {
  const present = new Map(stored.map((object) => [keyOf(expected.type, object), object]));
  return expected.objects.flatMap((object): Write[] => {
    const key = keyOf(expected.type, object);
    const existing = present.get(key);
    if (!existing) return [create(key, object, birth)];
    const changed = expected.reconcile(existing, object);
    return changed ? [update(key, existing, changed)] : [];
  });
}

function keyOf(type: string, { metadata }: KubeObject): string {
  return storageKey(type, metadata!.name!, metadata!.namespace);
}

function create(key: string, object: KubeObject, birth: Birth): Write {
  const metadata = { ...object.metadata, uid: birth.uuid(), creationTimestamp: birth.now };
  return { op: 'create', key, value: (revision) => encodeObject({ ...object, metadata }, revision) };
}

function update(key: string, existing: Stored<KubeObject>, changed: KubeObject): Write {
  const revision = Number(existing.metadata.resourceVersion);
  return { op: 'update', key, revision, value: (next) => encodeObject(changed, next) };
}
