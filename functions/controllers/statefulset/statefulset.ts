import { keyOf, type Stored } from '../../../lib/api/object.ts';
import { fromLabelSelector } from '../../../lib/api/selectors.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { ControllerRevision, PersistentVolumeClaim, Pod, StatefulSet } from '../../../lib/api/types.ts';
import { type Cache, type Controller, type Result, watch } from '../../../lib/client/controller.ts';
import { controllerRevisions, persistentVolumeClaims, pods, statefulSets } from '../../../lib/client/resource-type.ts';
import { claim, indexOrphans, type Owner } from '../claim.ts';
import { type ControllerDependencies, type Hands, hands } from '../dependencies.ts';
import { currentRevision, HashCollision, removeOldRevisions, templateOf } from '../history.ts';
import { isNamespaceTerminating } from '../namespace-terminating.ts';
import { ownerKeys } from '../owner-keys.ts';
import { nextAvailableMs } from '../pod-state.ts';
import { sameStatus } from '../same-status.ts';
import { createClaims, ownClaims } from './claims.ts';
import { ordinalOf, podOf, REVISION } from './identity.ts';
import { type Observed, planStatefulSet, type StatefulSetPlan, statefulSetStatus } from './plan.ts';

const HASH_LABEL = 'controller.kubernetes.io/hash';

interface Caches {
  sets: Cache<StatefulSet>;
  pods: Cache<Pod>;
  claims: Cache<PersistentVolumeClaim>;
  revisions: Cache<ControllerRevision>;
}

export function createStatefulSetController(dependencies: ControllerDependencies): Controller {
  const caches: Caches = {
    sets: dependencies.caches.cache(statefulSets),
    pods: dependencies.caches.cache(pods),
    claims: dependencies.caches.cache(persistentVolumeClaims),
    revisions: dependencies.caches.cache(controllerRevisions),
  };
  indexOrphans(caches.pods);
  indexOrphans(caches.revisions);
  const own = hands(dependencies, 'statefulset-controller');
  const selector = (set: Stored<StatefulSet>) => fromLabelSelector(set.spec.selector);
  return {
    name: 'statefulset',
    concurrency: 5,
    watches: [
      watch(statefulSets, (set, previous) => [keyOf((set ?? previous)!)]),
      watch(pods, (pod, previous) => ownerKeys('StatefulSet', caches.sets, selector, pod, previous)),
    ],
    async reconcile(key) {
      const set = caches.sets.get(key);
      return set && !set.metadata.deletionTimestamp ? reconcile(set, caches, own) : undefined;
    },
  };
}

async function reconcile(set: Stored<StatefulSet>, caches: Caches, own: Hands): Promise<Result | undefined> {
  const selector = fromLabelSelector(set.spec.selector);
  const owner: Owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', object: set, type: statefulSets, selector };
  const revisions = await claim(own.client, caches.revisions, owner);
  const update = await revisionOf(set, owner, revisions, own);
  const current = revisions.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update;
  const owned = await claim(own.client, caches.pods, owner, (pod) => ordinalOf(set, pod) !== undefined);
  const names = { currentRevision: current.metadata.name, updateRevision: update.metadata.name };
  const observed: Observed = { set, pods: owned, ...names, now: own.clock.now() };
  await writeStatus(set, statefulSetStatus(observed), own);
  await apply(set, owner, planStatefulSet(observed), [current, update], caches, own);
  for (const pod of owned) await ownClaims(set, ordinalOf(set, pod)!, pod, caches.claims, own.client);
  const used = new Set([...Object.values(names), ...owned.map(({ metadata }) => metadata.labels?.[REVISION])]);
  const limit = set.spec.revisionHistoryLimit ?? 10;
  await removeOldRevisions(own.client, revisions, ({ metadata }) => used.has(metadata.name), limit);
  const wait = nextAvailableMs(owned, set.spec.minReadySeconds ?? 0, own.clock.now());
  return wait === undefined ? undefined : { requeueAfterMs: wait };
}

async function revisionOf(
  set: Stored<StatefulSet>,
  owner: Owner,
  revisions: readonly Stored<ControllerRevision>[],
  own: Hands,
) {
  const collisionCount = set.status?.collisionCount ?? 0;
  try {
    const { template } = set.spec;
    return await currentRevision(own.client, owner, revisions, { template, collisionCount, hashLabel: HASH_LABEL });
  } catch (error) {
    if (error instanceof HashCollision) {
      const status = { ...set.status, replicas: set.status?.replicas ?? 0, collisionCount: collisionCount + 1 };
      await own.client.update(statefulSets, { ...set, status }, { subresource: 'status' });
    }
    throw error;
  }
}

async function apply(
  set: Stored<StatefulSet>,
  owner: Owner,
  plan: StatefulSetPlan,
  revisions: readonly Stored<ControllerRevision>[],
  caches: Caches,
  own: Hands,
): Promise<void> {
  for (const { ordinal, revision } of plan.create) {
    const from = revisions.find(({ metadata }) => metadata.name === revision)!;
    await createClaims(set, ordinal, caches.claims, own);
    await createPod(set, podOf(set, owner, templateOf(from), revision, ordinal), own);
  }
  for (const pod of plan.remove) await removePod(set, pod, own);
}

async function createPod(set: Stored<StatefulSet>, pod: Pod, own: Hands): Promise<void> {
  const subject = `create Pod ${pod.metadata!.name} in StatefulSet ${set.metadata.name}`;
  try {
    await own.client.create(pods, pod);
    own.recorder.normal(set, 'SuccessfulCreate', `${subject} successful`);
  } catch (error) {
    if (isNamespaceTerminating(error)) return;
    if (isReason(error, 'AlreadyExists')) throw error;
    own.recorder.warning(set, 'FailedCreate', `${subject} failed error: ${(error as Error).message}`);
    throw error;
  }
}

async function removePod(set: Stored<StatefulSet>, { metadata }: Stored<Pod>, own: Hands): Promise<void> {
  const { namespace, name, uid } = metadata;
  try {
    await own.client.delete(pods, { namespace, name }, { uid });
    own.recorder.normal(set, 'SuccessfulDelete', `delete Pod ${name} in StatefulSet ${set.metadata.name} successful`);
  } catch (error) {
    if (!isReason(error, 'NotFound', 'Conflict')) throw error;
  }
}

async function writeStatus(
  set: Stored<StatefulSet>,
  status: NonNullable<StatefulSet['status']>,
  own: Hands,
): Promise<void> {
  if (sameStatus(set.status, status)) return;
  try {
    await own.client.update(statefulSets, { ...set, status }, { subresource: 'status' });
  } catch (error) {
    if (!isReason(error, 'NotFound', 'Conflict')) throw error;
  }
}
