import type { Stored } from '../../lib/api/object.ts';
import { isReason } from '../../lib/api/status.ts';
import type { ControllerRevision, PodTemplateSpec } from '../../lib/api/types.ts';
import type { Client } from '../../lib/client/client.ts';
import { controllerRevisions } from '../../lib/client/resource-type.ts';
import { type Owner, ownerReference } from './claim.ts';
import { canonicalJson, nameHash } from './hash.ts';
import { controllerOf } from './pod-state.ts';

const HASH_LENGTH = 10;
const MAX_NAME_LENGTH = 253;
/** Thrown by the caller's next reconcile: the owner's collisionCount has to rise first. */
export class HashCollision extends Error {}

export interface RevisionOptions {
  template: PodTemplateSpec;
  collisionCount: number;
  /** Which label of the revision holds its hash. */
  hashLabel: string;
}

/**
 * What `kubectl rollout undo` patches an owner with. Clients find the present revision by comparing bytes, so its keys are in order, as Go writes a map.
 * Source: pkg/controller/history; the daemonset and statefulset controllers' getPatch.
 */
export function revisionData(template: PodTemplateSpec): object {
  return JSON.parse(canonicalJson({ spec: { template: { ...template, $patch: 'replace' } } }));
}

export function templateOf(revision: Stored<ControllerRevision>): PodTemplateSpec {
  const { $patch: _, ...template } = (revision.data as any).spec.template;
  return template;
}

const byRevision = (a: Stored<ControllerRevision>, b: Stored<ControllerRevision>): number =>
  (a.revision ?? 0) - (b.revision ?? 0) || (a.metadata.name < b.metadata.name ? -1 : 1);

export const sortRevisions = (revisions: readonly Stored<ControllerRevision>[]) => [...revisions].sort(byRevision);

/** The revision of the owner's present template: an older one of the same content is taken up again under the next number. */
export async function currentRevision(
  client: Client,
  owner: Omit<Owner, 'selector'>,
  revisions: readonly Stored<ControllerRevision>[],
  options: RevisionOptions,
): Promise<Stored<ControllerRevision>> {
  const sorted = sortRevisions(revisions);
  const next = (sorted.at(-1)?.revision ?? 0) + 1;
  const data = revisionData(options.template);
  const equal = sorted.filter((revision) => canonicalJson(revision.data) === canonicalJson(data)).at(-1);
  if (!equal) return create(client, owner, data, next, options);
  if (equal === sorted.at(-1)) return equal;
  return client.update(controllerRevisions, { ...equal, revision: next });
}

async function create(
  client: Client,
  owner: Omit<Owner, 'selector'>,
  data: object,
  revision: number,
  { template, collisionCount, hashLabel }: RevisionOptions,
): Promise<Stored<ControllerRevision>> {
  const { name: ownerName, namespace, uid } = owner.object.metadata;
  const hash = nameHash(canonicalJson([data, collisionCount]), HASH_LENGTH);
  const name = `${ownerName.slice(0, MAX_NAME_LENGTH - HASH_LENGTH - 1)}-${hash}`;
  const labels = { ...template.metadata?.labels, [hashLabel]: hash };
  const metadata = { name, namespace, labels, ownerReferences: [ownerReference(owner)] };
  try {
    return await client.create(controllerRevisions, { metadata, data, revision } as ControllerRevision);
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
    const live = await client.get(controllerRevisions, { namespace, name });
    if (controllerOf(live)?.uid === uid && canonicalJson(live.data) === canonicalJson(data)) return live;
    throw new HashCollision(name);
  }
}

/** Removes the oldest revisions that nothing uses beyond the limit. */
export async function removeOldRevisions(
  client: Client,
  revisions: readonly Stored<ControllerRevision>[],
  isUsed: (revision: Stored<ControllerRevision>) => boolean,
  limit: number,
): Promise<void> {
  const unused = sortRevisions(revisions).filter((revision) => !isUsed(revision));
  for (const { metadata } of unused.slice(0, Math.max(0, unused.length - limit))) {
    const { namespace, name, uid } = metadata;
    try {
      await client.delete(controllerRevisions, { namespace, name }, { uid });
    } catch (error) {
      if (!isReason(error, 'NotFound', 'Conflict')) throw error;
    }
  }
}
