import { keyOf, type Stored } from '../../../lib/api/object.ts';
import { fromLabelSelector } from '../../../lib/api/selectors.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { ControllerRevision, DaemonSet, Node, Pod } from '../../../lib/api/types.ts';
import { type Cache, type Controller, type Result, watch } from '../../../lib/client/controller.ts';
import { controllerRevisions, daemonSets, nodes, pods } from '../../../lib/client/resource-type.ts';
import { claim, indexOrphans, type Owner } from '../claim.ts';
import { type ControllerDependencies, type Hands, hands } from '../dependencies.ts';
import { currentRevision, HashCollision, removeOldRevisions } from '../history.ts';
import { isNamespaceTerminating } from '../namespace-terminating.ts';
import { ownerKeys } from '../owner-keys.ts';
import { isReady, nextAvailableMs } from '../pod-state.ts';
import { podFromTemplate } from '../pod-template.ts';
import { isHeld, rememberNames, replicaNames } from '../replica-names.ts';
import { sameStatus } from '../same-status.ts';
import { slowStart } from '../slow-start.ts';
import { daemonTolerations, pinnedTo } from './placement.ts';
import { planDaemonSet, REVISION_HASH } from './plan.ts';

/** A daemon that keeps failing is made anew at most this often. */
const FAILED_RETRY_MS = 1000;
const GENERATION = 'deprecated.daemonset.template.generation';

interface Caches {
  daemonSets: Cache<DaemonSet>;
  pods: Cache<Pod>;
  nodes: Cache<Node>;
  revisions: Cache<ControllerRevision>;
}

export function createDaemonSetController(dependencies: ControllerDependencies): Controller {
  const caches: Caches = {
    daemonSets: dependencies.caches.cache(daemonSets),
    pods: dependencies.caches.cache(pods),
    nodes: dependencies.caches.cache(nodes),
    revisions: dependencies.caches.cache(controllerRevisions),
  };
  indexOrphans(caches.pods);
  rememberNames(caches.pods);
  indexOrphans(caches.revisions);
  const own = hands(dependencies, 'daemon-set-controller', 'daemonset-controller');
  const selector = (daemonSet: Stored<DaemonSet>) => fromLabelSelector(daemonSet.spec.selector);
  return {
    name: 'daemonset',
    concurrency: 2,
    watches: [
      watch(daemonSets, (daemonSet, previous) => [keyOf((daemonSet ?? previous)!)]),
      watch(pods, (pod, previous) => ownerKeys('DaemonSet', caches.daemonSets, selector, pod, previous)),
      watch(nodes, (node, previous) => (sameForDaemons(node, previous) ? [] : caches.daemonSets.list().map(keyOf))),
    ],
    async reconcile(key) {
      const daemonSet = caches.daemonSets.get(key);
      return daemonSet && !daemonSet.metadata.deletionTimestamp ? reconcile(daemonSet, caches, own) : undefined;
    },
  };
}

function sameForDaemons(a: Stored<Node> | undefined, b: Stored<Node> | undefined): boolean {
  const part = (node: Stored<Node>) =>
    JSON.stringify([node.metadata.labels, node.spec?.taints, node.spec?.unschedulable]);
  return a !== undefined && b !== undefined && part(a) === part(b);
}

async function reconcile(daemonSet: Stored<DaemonSet>, caches: Caches, own: Hands): Promise<Result | undefined> {
  const selector = fromLabelSelector(daemonSet.spec.selector);
  const owner: Owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', object: daemonSet, type: daemonSets, selector };
  const revisions = await claim(own.client, caches.revisions, owner);
  const revision = await revisionOf(daemonSet, owner, revisions, own);
  const hash = revision.metadata.labels?.[REVISION_HASH] ?? '';
  const owned = await claim(own.client, caches.pods, owner);
  const now = own.clock.now();
  const plan = planDaemonSet({ daemonSet, nodes: caches.nodes.list(), pods: owned, hash, now });
  await writeStatus(daemonSet, plan.status, own);
  const failed = plan.remove.filter(({ status }) => status?.phase === 'Failed');
  await remove(daemonSet, plan.remove, own);
  await create(owner, daemonSet, plan.create, hash, caches.pods, own);
  const used = new Set([hash, ...owned.map(({ metadata }) => metadata.labels?.[REVISION_HASH])]);
  const isUsed = ({ metadata }: Stored<ControllerRevision>) => used.has(metadata.labels?.[REVISION_HASH]);
  await removeOldRevisions(own.client, revisions, isUsed, daemonSet.spec.revisionHistoryLimit ?? 10);
  if (failed.length > 0) return { requeueAfterMs: FAILED_RETRY_MS };
  const wait = nextAvailableMs(owned.filter(isReady), daemonSet.spec.minReadySeconds ?? 0, now);
  return wait === undefined ? undefined : { requeueAfterMs: wait };
}

async function revisionOf(
  daemonSet: Stored<DaemonSet>,
  owner: Owner,
  revisions: readonly Stored<ControllerRevision>[],
  own: Hands,
) {
  const collisionCount = daemonSet.status?.collisionCount ?? 0;
  try {
    const { template } = daemonSet.spec;
    return await currentRevision(own.client, owner, revisions, { template, collisionCount, hashLabel: REVISION_HASH });
  } catch (error) {
    if (error instanceof HashCollision) {
      const status = { ...daemonSet.status!, collisionCount: collisionCount + 1 };
      await own.client.update(daemonSets, { ...daemonSet, status }, { subresource: 'status' });
    }
    throw error;
  }
}

async function create(
  owner: Owner,
  daemonSet: Stored<DaemonSet>,
  nodeNames: readonly string[],
  hash: string,
  podCache: Cache<Pod>,
  own: Hands,
): Promise<void> {
  const { namespace, name, uid } = daemonSet.metadata;
  const held = (candidate: string) => isHeld(podCache, namespace, candidate);
  await slowStart(nodeNames, async (nodeName) => {
    // Two reconcilers that make the daemon of one node give it one name.
    const [podName] = replicaNames({ name, uid: `${uid}/${nodeName}/${hash}` }, 1, held);
    const pod = podFromTemplate(daemonSet.spec.template, owner, podName!);
    const generation = daemonSet.metadata.annotations?.[GENERATION];
    pod.metadata!.labels = {
      ...pod.metadata!.labels,
      [REVISION_HASH]: hash,
      ...(generation && { 'pod-template-generation': generation }),
    };
    const spec = pod.spec!;
    pod.spec = { ...spec, affinity: pinnedTo(nodeName, spec.affinity), tolerations: daemonTolerations(spec) };
    await createPod(daemonSet, pod, own);
  });
}

async function createPod(daemonSet: Stored<DaemonSet>, pod: Pod, own: Hands): Promise<void> {
  try {
    await own.client.create(pods, pod);
    own.recorder.normal(daemonSet, 'SuccessfulCreate', `Created pod: ${pod.metadata!.name}`);
  } catch (error) {
    if (isReason(error, 'AlreadyExists') || isNamespaceTerminating(error)) return;
    own.recorder.warning(daemonSet, 'FailedCreate', `Error creating: ${(error as Error).message}`);
    throw error;
  }
}

async function remove(daemonSet: Stored<DaemonSet>, doomed: readonly Stored<Pod>[], own: Hands): Promise<void> {
  for (const pod of doomed) {
    const { namespace, name, uid } = pod.metadata;
    if (pod.status?.phase === 'Failed') {
      const message = `Found failed daemon pod ${namespace}/${name} on node ${pod.spec?.nodeName}, will try to kill it`;
      own.recorder.warning(daemonSet, 'FailedDaemonPod', message);
    }
    try {
      await own.client.delete(pods, { namespace, name }, { uid });
      own.recorder.normal(daemonSet, 'SuccessfulDelete', `Deleted pod: ${name}`);
    } catch (error) {
      if (!isReason(error, 'NotFound', 'Conflict')) throw error;
    }
  }
}

async function writeStatus(
  daemonSet: Stored<DaemonSet>,
  status: NonNullable<DaemonSet['status']>,
  own: Hands,
): Promise<void> {
  if (sameStatus(daemonSet.status, status)) return;
  try {
    await own.client.update(daemonSets, { ...daemonSet, status }, { subresource: 'status' });
  } catch (error) {
    if (!isReason(error, 'NotFound', 'Conflict')) throw error;
  }
}
