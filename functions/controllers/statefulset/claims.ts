import type { Stored } from '../../../lib/api/object.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { OwnerReference, PersistentVolumeClaim, Pod, StatefulSet } from '../../../lib/api/types.ts';
import type { Client } from '../../../lib/client/client.ts';
import type { Cache } from '../../../lib/client/controller.ts';
import { persistentVolumeClaims } from '../../../lib/client/resource-type.ts';
import type { Hands } from '../dependencies.ts';
import { canonicalJson } from '../hash.ts';
import { claimsFor, firstOrdinal, replicasOf } from './identity.ts';

/** Makes what a pod mounts, before the pod. */
export async function createClaims(
  set: Stored<StatefulSet>,
  ordinal: number,
  cache: Cache<PersistentVolumeClaim>,
  own: Hands,
): Promise<void> {
  for (const claim of claimsFor(set, ordinal)) {
    const { namespace, name } = claim.metadata!;
    if (cache.get(`${namespace}/${name}`)) continue;
    try {
      await own.client.create(persistentVolumeClaims, claim);
      const message = `create Claim ${name} Pod ${set.metadata.name}-${ordinal} in StatefulSet ${set.metadata.name} success`;
      own.recorder.normal(set, 'SuccessfulCreate', message);
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error;
    }
  }
}

/** KEP-1847: who owns a claim decides whether it goes with the set, with its pod, or stays. */
export async function ownClaims(
  set: Stored<StatefulSet>,
  ordinal: number,
  pod: Stored<Pod> | undefined,
  cache: Cache<PersistentVolumeClaim>,
  client: Client,
): Promise<void> {
  const policy = set.spec.persistentVolumeClaimRetentionPolicy;
  if (!policy) return;
  for (const { metadata } of claimsFor(set, ordinal)) {
    const claim = cache.get(`${metadata!.namespace}/${metadata!.name}`);
    if (!claim) continue;
    const ownerReferences = wantedOwners(set, ordinal, pod, claim.metadata.ownerReferences ?? []);
    if (!ownerReferences || canonicalJson(ownerReferences) === canonicalJson(claim.metadata.ownerReferences ?? []))
      continue;
    await client.update(persistentVolumeClaims, { ...claim, metadata: { ...claim.metadata, ownerReferences } });
  }
}

/** Undefined: others' business. Source: stateful_set_utils.go updateClaimOwnerRefForSetAndPod. */
function wantedOwners(
  set: Stored<StatefulSet>,
  ordinal: number,
  pod: Stored<Pod> | undefined,
  present: readonly OwnerReference[],
): OwnerReference[] | undefined {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy!;
  const podName = `${set.metadata.name}-${ordinal}`;
  const own = present.filter(({ kind, name }) => isNamed(kind, name, set.metadata.name, podName));
  // An owner of that name and another uid is gone, and the garbage collector decides.
  if (own.some(({ uid }) => uid !== set.metadata.uid && uid !== pod?.metadata.uid)) return undefined;
  const others = present.filter((reference) => !own.includes(reference));
  if (others.some(({ controller }) => controller)) return others;
  const condemned = ordinal >= firstOrdinal(set) + replicasOf(set) || ordinal < firstOrdinal(set);
  if (condemned && whenScaled === 'Delete') {
    return pod ? [...others, controllerRef('v1', 'Pod', pod.metadata)] : undefined;
  }
  return whenDeleted === 'Delete' ? [...others, controllerRef('apps/v1', 'StatefulSet', set.metadata)] : others;
}

function isNamed(kind: string, name: string, setName: string, podName: string): boolean {
  return (kind === 'StatefulSet' && name === setName) || (kind === 'Pod' && name === podName);
}

function controllerRef(apiVersion: string, kind: string, { name, uid }: Stored<Pod>['metadata']): OwnerReference {
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}
