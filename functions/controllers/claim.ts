import type { Stored } from '../../lib/api/object.ts';
import type { LabelMatcher } from '../../lib/api/selectors.ts';
import { isReason } from '../../lib/api/status.ts';
import type { ObjectMeta, OwnerReference } from '../../lib/api/types.ts';
import type { Client } from '../../lib/client/client.ts';
import type { Cache } from '../../lib/client/controller.ts';
import type { ResourceType } from '../../lib/client/resource-type.ts';
import { controllerOf } from './pod-state.ts';

export interface Owner {
  apiVersion: string;
  kind: string;
  object: Stored<{ metadata?: ObjectMeta | undefined }>;
  type: ResourceType<any>;
  selector: LabelMatcher;
}

const ORPHANS = 'orphans';

/** Register before the caches start. */
export function indexOrphans(cache: Cache<any>): void {
  cache.addIndex(ORPHANS, (object) => (controllerOf(object) ? [] : [object.metadata.namespace ?? '']));
}

/**
 * The objects that an owner controls: its own that match its selector, and orphans that it adopts; its own that match no
 * longer are let go. Source: KEP-less "controllerRef" proposal, pkg/controller/controller_ref_manager.go.
 */
export async function claim<T>(
  client: Client,
  cache: Cache<T>,
  owner: Owner,
  mayAdopt = (_: Stored<T>) => true,
): Promise<Stored<T>[]> {
  const { metadata } = owner.object;
  const matches = (object: Stored<T>) => owner.selector.matches(object.metadata.labels);
  const own = cache.ownedBy(metadata.uid);
  if (metadata.deletionTimestamp) return own.filter(matches);
  const orphans = cache
    .byIndex(ORPHANS, metadata.namespace ?? '')
    .filter((object) => matches(object) && !object.metadata.deletionTimestamp && mayAdopt(object));
  const strays = own.filter((object) => !matches(object) && !object.metadata.deletionTimestamp);
  await Promise.all(strays.map((object) => release(client, cache.type, object, metadata.uid)));
  const adopted = orphans.length > 0 ? await adoptAll(client, cache.type, orphans, owner) : [];
  return [...own.filter(matches), ...adopted];
}

/** The cache may not know yet that the owner is going away, or has been replaced by another of its name. */
async function adoptAll<T>(
  client: Client,
  type: ResourceType<T>,
  orphans: readonly Stored<T>[],
  owner: Owner,
): Promise<Stored<T>[]> {
  const { namespace, name, uid } = owner.object.metadata;
  const live: Stored<any> = await client.get(owner.type, { namespace, name });
  if (live.metadata.uid !== uid || live.metadata.deletionTimestamp) return [];
  const adopted = await Promise.all(orphans.map((object) => adopt(client, type, object, owner)));
  return adopted.filter((object) => object !== undefined);
}

export function ownerReference(owner: Pick<Owner, 'apiVersion' | 'kind' | 'object'>): OwnerReference {
  const { name, uid } = owner.object.metadata;
  return { apiVersion: owner.apiVersion, kind: owner.kind, name, uid, controller: true, blockOwnerDeletion: true };
}

async function adopt<T>(
  client: Client,
  type: ResourceType<T>,
  object: Stored<T>,
  owner: Owner,
): Promise<Stored<T> | undefined> {
  const body = { metadata: { uid: object.metadata.uid, ownerReferences: [ownerReference(owner)] } };
  return patchIfThere(client, type, object, body);
}

async function release<T>(client: Client, type: ResourceType<T>, object: Stored<T>, uid: string): Promise<void> {
  const ownerReferences = [{ $patch: 'delete', uid }];
  await patchIfThere(client, type, object, { metadata: { uid: object.metadata.uid, ownerReferences } });
}

/** Strategic: owner references merge by uid. Gone, or replaced by another of its name: nothing to do. */
async function patchIfThere<T>(
  client: Client,
  type: ResourceType<T>,
  { metadata }: Stored<T>,
  body: object,
): Promise<Stored<T> | undefined> {
  const { namespace, name } = metadata;
  try {
    return await client.patch(type, { namespace, name }, { type: 'strategic', body });
  } catch (error) {
    if (isReason(error, 'NotFound', 'Conflict', 'Invalid')) return undefined;
    throw error;
  }
}
