import { QUEUE_ANNOTATION } from '../../../lib/api/annotations.ts';
import type { Stored } from '../../../lib/api/object.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { Node } from '../../../lib/api/types.ts';
import { virtualProvider } from '../../../lib/api/virtual-node.ts';
import { type Controller, watch } from '../../../lib/client/controller.ts';
import { nodes } from '../../../lib/client/resource-type.ts';
import { conditionOf } from '../conditions.ts';
import { type CloudNodes, type ControllerDependencies, hands } from '../dependencies.ts';

/** What of nodes concerns the cloud that their instances are of. */
export function createCloudNodeControllers(dependencies: ControllerDependencies, cloud: CloudNodes): Controller[] {
  return [createNodeQueueController(dependencies, cloud), createCloudNodeLifecycleController(dependencies, cloud)];
}

/** How often an instance is looked for whose node is silent. */
const LOOK_MS = 60_000;
const SHUTDOWN = 'node.cloudprovider.kubernetes.io/shutdown';

/** A node whose instance is gone goes too; one whose instance is stopped is tainted. Source: k8s.io/cloud-provider/controllers/nodelifecycle. */
export function createCloudNodeLifecycleController(
  dependencies: ControllerDependencies,
  cloud: CloudNodes,
): Controller {
  const cache = dependencies.caches.cache(nodes);
  const own = hands(dependencies, 'node-controller', 'cloud-node-lifecycle-controller');
  const isSilent = (node: Node) => conditionOf(node.status?.conditions, 'Ready')?.status !== 'True';
  return {
    name: 'cloud-node-lifecycle',
    watches: [watch(nodes, (node) => (node && (isSilent(node) || isTainted(node)) ? [node.metadata.name] : []))],
    async reconcile(name) {
      const node = cache.get(name);
      if (!node || node.metadata.deletionTimestamp) return undefined;
      if (!isSilent(node)) return void (await setShutdown(node, false));
      const instance = await cloud.instance(node);
      if (instance) {
        await setShutdown(node, instance.shutdown);
        return { requeueAfterMs: LOOK_MS };
      }
      own.recorder.normal(
        node,
        'DeletingNode',
        `Deleting node ${name} because it does not exist in the cloud provider`,
      );
      await own.client.delete(nodes, { name }, { uid: node.metadata.uid });
      return undefined;
    },
  };

  async function setShutdown(node: Stored<Node>, shutdown: boolean): Promise<void> {
    if (isTainted(node) === shutdown) return;
    const others = (node.spec?.taints ?? []).filter(({ key }) => key !== SHUTDOWN);
    const taints = shutdown ? [...others, { key: SHUTDOWN, effect: 'NoSchedule' }] : others;
    await own.client.update(nodes, { ...node, spec: { ...node.spec, taints } });
  }
}

function isTainted({ spec }: Node): boolean {
  return spec?.taints?.some(({ key }) => key === SHUTDOWN) ?? false;
}

const SWEEP = '';

/** Each node has a queue of its own and says where it is; a queue whose node is gone goes too. */
export function createNodeQueueController(dependencies: ControllerDependencies, cloud: CloudNodes): Controller {
  const cache = dependencies.caches.cache(nodes);
  const { client } = hands(dependencies, 'node-controller');
  return {
    name: 'node-queue',
    watches: [
      watch(nodes, (node, previous) => {
        if (node && previous) return hasQueue(node) ? [] : [node.metadata.name];
        return [...(node ? [node.metadata.name] : []), SWEEP];
      }),
    ],
    async reconcile(name) {
      if (name === SWEEP) return void (await sweep());
      const node = cache.get(name);
      if (!node || hasQueue(node) || virtualProvider(node) || node.metadata.deletionTimestamp) return undefined;
      const url = await cloud.ensureQueue(name);
      const body = { metadata: { uid: node.metadata.uid, annotations: { [QUEUE_ANNOTATION]: url } } };
      await client.patch(nodes, { name }, { type: 'merge', body });
      return undefined;
    },
  };

  async function sweep(): Promise<void> {
    const orphans = (await cloud.queues()).filter((name) => !cache.get(name));
    for (const name of orphans) if (await isGone(name)) await cloud.removeQueue(name);
  }

  /** The cache may not know of a node that has just come. */
  async function isGone(name: string): Promise<boolean> {
    try {
      await client.get(nodes, { name });
      return false;
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
      return true;
    }
  }
}

function hasQueue({ metadata }: Node): boolean {
  return metadata?.annotations?.[QUEUE_ANNOTATION] !== undefined;
}
