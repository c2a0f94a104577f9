import { keyOf, type Stored } from '../../lib/api/object.ts';
import { isReason } from '../../lib/api/status.ts';
import { timeMs } from '../../lib/api/time.ts';
import type { Node, Pod } from '../../lib/api/types.ts';
import { type Cache, type Controller, type Result, watch } from '../../lib/client/controller.ts';
import { nodes, pods } from '../../lib/client/resource-type.ts';
import { timestamp } from '../../lib/runtime/clock.ts';
import { conditionOf } from './conditions.ts';
import { type ControllerDependencies, type Hands, hands } from './dependencies.ts';
import { BY_NODE, indexByNode } from './node/index-by-node.ts';
import { isFinished } from './pod-state.ts';

/** kube-controller-manager's --terminated-pod-gc-threshold. */
const TERMINATED_THRESHOLD = 12_500;
/** A node may be registered anew: pods wait this long for it. Source: podgc quarantineTime. */
const QUARANTINE_MS = 40_000;
const TERMINATED_KEY = '*terminated';
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';

/** Removes pods that nobody else can: of nodes that are gone, terminating without a node, and finished ones beyond a number. */
export function createPodGarbageCollector(dependencies: ControllerDependencies): Controller {
  const podCache = dependencies.caches.cache(pods);
  const nodeCache = dependencies.caches.cache(nodes);
  indexByNode(podCache);
  const own = hands(dependencies, 'pod-garbage-collector');
  const missingSince = new Map<string, number>();
  let finished = 0;
  podCache.subscribe((pod, previous) => {
    finished += Number(pod !== undefined && isFinished(pod)) - Number(previous !== undefined && isFinished(previous));
  });
  return {
    name: 'pod-garbage-collector',
    concurrency: 8,
    watches: [
      watch(pods, (pod) => {
        if (!pod) return [];
        return [
          ...(isStranded(pod, nodeCache) ? [keyOf(pod)] : []),
          ...(finished > TERMINATED_THRESHOLD ? [TERMINATED_KEY] : []),
        ];
      }),
      watch(nodes, (node, previous) => {
        if (node) missingSince.delete(node.metadata.name);
        const outOfService = node?.spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE);
        const { name } = (node ?? previous)!.metadata;
        return node && !outOfService ? [] : podCache.byIndex(BY_NODE, name).map(keyOf);
      }),
    ],
    async reconcile(key): Promise<Result | undefined> {
      if (key === TERMINATED_KEY) return removeFinished(podCache, own);
      const pod = podCache.get(key);
      if (!pod || !isStranded(pod, nodeCache)) return undefined;
      const nodeName = pod.spec?.nodeName;
      if (!nodeName || nodeCache.get(nodeName)) return remove(pod, own);
      const since = missingSince.get(nodeName) ?? own.clock.now();
      missingSince.set(nodeName, since);
      const wait = since + QUARANTINE_MS - own.clock.now();
      if (wait > 0) return { requeueAfterMs: wait };
      if (await nodeExists(nodeName, own)) return undefined;
      return removeOrphan(pod, own);
    },
  };
}

function isStranded(pod: Stored<Pod>, nodeCache: Cache<Node>): boolean {
  // Ended already: only finalizers keep it, and they are others'.
  if (pod.metadata.deletionTimestamp && pod.metadata.deletionGracePeriodSeconds === 0) return false;
  const nodeName = pod.spec?.nodeName;
  if (!nodeName) return pod.metadata.deletionTimestamp !== undefined;
  const node = nodeCache.get(nodeName);
  return !node || (pod.metadata.deletionTimestamp !== undefined && isOutOfService(node));
}

/** KEP-2268: an operator vouches that the node is down. */
function isOutOfService({ spec, status }: Stored<Node>): boolean {
  const ready = conditionOf(status?.conditions, 'Ready')?.status === 'True';
  return !ready && spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE) === true;
}

async function nodeExists(name: string, own: Hands): Promise<boolean> {
  try {
    await own.client.get(nodes, { name });
    return true;
  } catch (error) {
    if (isReason(error, 'NotFound')) return false;
    throw error;
  }
}

/** Its end is written down before it goes, so that a Job counts it. */
async function removeOrphan(pod: Stored<Pod>, own: Hands): Promise<undefined> {
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByPodGC',
    message: 'PodGC: node no longer exists',
    lastTransitionTime: timestamp(own.clock),
  };
  const { namespace, name, uid } = pod.metadata;
  const status = isFinished(pod) ? { conditions: [condition] } : { phase: 'Failed', conditions: [condition] };
  try {
    await own.client.patch(
      pods,
      { namespace, name },
      { type: 'strategic', body: { metadata: { uid }, status } },
      { subresource: 'status' },
    );
  } catch (error) {
    if (!isReason(error, 'NotFound', 'Conflict')) throw error;
  }
  return remove(pod, own);
}

async function remove({ metadata: { namespace, name, uid } }: Stored<Pod>, own: Hands): Promise<undefined> {
  try {
    await own.client.delete(pods, { namespace, name }, { uid, gracePeriodSeconds: 0 });
  } catch (error) {
    if (!isReason(error, 'NotFound', 'Conflict')) throw error;
  }
}

async function removeFinished(cache: Cache<Pod>, own: Hands): Promise<undefined> {
  const done = cache.list().filter((pod) => isFinished(pod) && !pod.metadata.deletionTimestamp);
  done.sort((a, b) => timeMs(a.metadata.creationTimestamp) - timeMs(b.metadata.creationTimestamp));
  for (const pod of done.slice(0, Math.max(0, done.length - TERMINATED_THRESHOLD))) await remove(pod, own);
}
