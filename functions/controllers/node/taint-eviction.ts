import { keyOf, type Stored } from '../../../lib/api/object.ts';
import { tolerates } from '../../../lib/api/scheduling/tolerations.ts';
import { isReason } from '../../../lib/api/status.ts';
import { timeMs } from '../../../lib/api/time.ts';
import type { Node, Pod, Taint, Toleration } from '../../../lib/api/types.ts';
import { type Controller, type Result, watch } from '../../../lib/client/controller.ts';
import { nodes, pods } from '../../../lib/client/resource-type.ts';
import { timestamp } from '../../../lib/runtime/clock.ts';
import { type ControllerDependencies, type Hands, hands } from '../dependencies.ts';
import { isFinished } from '../pod-state.ts';
import { BY_NODE, indexByNode } from './index-by-node.ts';

/** Evicts pods from nodes with NoExecute taints that they do not tolerate, or no longer. */
export function createTaintEvictionController(dependencies: ControllerDependencies): Controller {
  const { caches, clock } = dependencies;
  const nodeCache = caches.cache(nodes);
  const podCache = caches.cache(pods);
  indexByNode(podCache);
  const own = hands(dependencies, 'node-controller', 'taint-eviction-controller');
  return {
    name: 'taint-eviction',
    concurrency: 8,
    watches: [
      watch(pods, (pod) => (pod && noExecute(nodeCache.get(pod.spec?.nodeName ?? '')).length > 0 ? [keyOf(pod)] : [])),
      watch(nodes, (node, previous) => {
        if (!node || JSON.stringify(noExecute(node)) === JSON.stringify(noExecute(previous))) return [];
        return podCache.byIndex(BY_NODE, node.metadata.name).map(keyOf);
      }),
    ],
    async reconcile(key): Promise<Result | undefined> {
      const pod = podCache.get(key);
      if (!pod || pod.metadata.deletionTimestamp || isFinished(pod)) return undefined;
      const node = nodeCache.get(pod.spec?.nodeName ?? '');
      const taints = noExecute(node);
      const wait = evictInMs(taints, pod.spec?.tolerations ?? [], clock.now(), boundAt(pod));
      if (wait === undefined) return undefined;
      if (wait > 0) {
        if (node && taints.some(({ timeAdded }) => !timeAdded)) await date(node, own);
        return { requeueAfterMs: wait };
      }
      await evict(pod, own);
      return undefined;
    },
  };
}

function noExecute(node: Stored<Node> | undefined): Taint[] {
  return node?.spec?.taints?.filter(({ effect }) => effect === 'NoExecute') ?? [];
}

/** When the pod came to its node; one that comes to a tainted node tolerates that from then on. */
function boundAt({ metadata, status }: Stored<Pod>): number {
  const scheduled = status?.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'True');
  return timeMs(scheduled?.lastTransitionTime ?? metadata.creationTimestamp);
}

/** Undefined: it may stay. Each taint is tolerated for as long as its most limited toleration says, counted from when both were there. */
export function evictInMs(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
  now: number,
  boundMs: number,
): number | undefined {
  const waits = taints.map((taint) => {
    const tolerating = tolerations.filter((toleration) => tolerates(toleration, taint));
    if (tolerating.length === 0) return 0;
    const seconds = tolerating.flatMap(({ tolerationSeconds }) => tolerationSeconds ?? []);
    if (seconds.length === 0) return undefined;
    const added = timeMs(taint.timeAdded);
    const since = Math.max(Number.isNaN(added) ? now : added, Number.isNaN(boundMs) ? 0 : boundMs);
    return since + Math.max(0, Math.min(...seconds)) * 1000 - now;
  });
  const limited = waits.filter((wait) => wait !== undefined);
  return limited.length > 0 ? Math.max(0, Math.min(...limited)) : undefined;
}

/**
 * Who taints by hand says no time (`kubectl taint`), and kube-controller-manager remembers when it saw the taint. Here nothing is
 * remembered between two calls: the time goes into the taint, unless that has changed meanwhile.
 */
async function date({ metadata, spec }: Stored<Node>, own: Hands): Promise<void> {
  const body = (spec?.taints ?? []).flatMap(({ key, effect, timeAdded }, i) => {
    if (effect !== 'NoExecute' || timeAdded) return [];
    const path = `/spec/taints/${i}`;
    return [
      { op: 'test', path: `${path}/key`, value: key },
      { op: 'test', path: `${path}/effect`, value: effect },
      { op: 'add', path: `${path}/timeAdded`, value: timestamp(own.clock) },
    ];
  });
  try {
    await own.client.patch(nodes, { name: metadata.name }, { type: 'json', body });
  } catch (error) {
    // Then the node's change brings its pods here again.
    if (!isReason(error, 'NotFound', 'Conflict', 'Invalid')) throw error;
  }
}

async function evict({ metadata }: Stored<Pod>, own: Hands): Promise<void> {
  const { namespace, name, uid } = metadata;
  const about = { kind: 'Pod', apiVersion: 'v1', namespace, name, uid };
  own.recorder.normal(about, 'TaintManagerEviction', `Marking for deletion Pod ${namespace}/${name}`);
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByTaintManager',
    message: 'Taint manager: deleting due to NoExecute taint',
    lastTransitionTime: timestamp(own.clock),
  };
  try {
    const body = { metadata: { uid }, status: { conditions: [condition] } };
    await own.client.patch(pods, { namespace, name }, { type: 'strategic', body }, { subresource: 'status' });
    await own.client.delete(pods, { namespace, name }, { uid });
  } catch (error) {
    if (!isReason(error, 'NotFound', 'Conflict')) throw error;
  }
}
