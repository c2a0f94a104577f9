import { keyOf, type Stored } from '../../../lib/api/object.ts';
import type { Pod } from '../../../lib/api/types.ts';
import { type Controller, watch } from '../../../lib/client/controller.ts';
import { namespaces, nodes, pods } from '../../../lib/client/resource-type.ts';
import type { Tasks } from '../../../lib/cloud/tasks.ts';
import { type ControllerDependencies, hands } from '../../controllers/dependencies.ts';
import { ensureNode } from './ensure-node.ts';
import { removeOrphan, sweep } from './orphans.ts';
import { reconcilePod } from './reconcile-pod.ts';
import { NODE_NAME } from './virtual-node.ts';

export interface FargateOptions {
  tasks: Tasks;
  /** What the node says it runs: `v1.37.0` */
  version: string;
  /** How often a task that runs is looked at: seldom where its end is told. */
  runningMs?: number;
}

const NODE_KEY = '*node';
const SWEEP_KEY = '*sweep';
/** Pods looked at at once. */
const CONCURRENCY = 8;

/** The virtual node: pods that are bound to it run as tasks. Its timers run only while there are such pods. */
export function createFargate(
  dependencies: ControllerDependencies,
  { tasks, version, runningMs }: FargateOptions,
): Controller {
  const cache = dependencies.caches.cache(pods);
  const nodeCache = dependencies.caches.cache(nodes);
  const own = { ...hands(dependencies, 'fargate-controller', 'fargate'), tasks, ...(runningMs && { runningMs }) };
  return {
    name: 'fargate',
    concurrency: CONCURRENCY,
    watches: [
      watch(pods, (pod, previous) => [...new Set([pod, previous].flatMap(podKey))]),
      watch(nodes, (node, previous) => (!node && previous?.metadata.name === NODE_NAME ? [NODE_KEY] : [])),
      // Every cluster has it: so both come due when the controllers begin.
      watch(namespaces, (namespace, previous) =>
        namespace && !previous && namespace.metadata.name === 'kube-system' ? [NODE_KEY, SWEEP_KEY] : [],
      ),
    ],
    async reconcile(key) {
      if (key === NODE_KEY) return ensureNode(nodeCache, version, own);
      if (key === SWEEP_KEY) return sweep(cache, own);
      const [namespace, name, uid] = key.split('/') as [string, string, string];
      const pod = cache.get(`${namespace}/${name}`);
      if (!pod || pod.metadata.uid !== uid) return removeOrphan({ namespace, name, uid }, own);
      return reconcilePod(pod, own);
    },
  };
}

/** With the uid: a pod that is gone must be told from its successor. */
function podKey(pod: Stored<Pod> | undefined): string[] {
  return pod?.spec?.nodeName === NODE_NAME ? [`${keyOf(pod)}/${pod.metadata.uid}`] : [];
}
