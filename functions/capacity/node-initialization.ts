import type { Stored } from '../../lib/api/object.ts';
import type { Node } from '../../lib/api/types.ts';
import { type Controller, watch } from '../../lib/client/controller.ts';
import { nodes } from '../../lib/client/resource-type.ts';
import type { Instances } from '../../lib/cloud/instances.ts';
import { type ControllerDependencies, hands } from '../controllers/dependencies.ts';
import { isReadyNode } from '../controllers/node-state.ts';
import { type NodeClaim, nodeClaims, UNINITIALIZED } from './api.ts';

/** Taken away by the node's lifecycle once it is ready. */
const NOT_READY = 'node.kubernetes.io/not-ready';
/** A claim whose status lags behind its machine is looked for again. */
const LOOK_MS = 2_000;

/** A node takes pods once it has the labels and taints of its claim; one that nobody claimed has none to wait for. */
export function createNodeInitialization(dependencies: ControllerDependencies, instances: Instances): Controller {
  const cache = dependencies.caches.cache(nodes);
  const claims = dependencies.caches.cache(nodeClaims);
  const { client } = hands(dependencies, 'capacity-controller', 'capacity');
  return {
    name: 'capacity-node-initialization',
    concurrency: 5,
    watches: [watch(nodes, (node) => (node && isUninitialized(node) ? [node.metadata.name] : []))],
    async reconcile(name) {
      const node = cache.get(name);
      if (!node || !isUninitialized(node) || node.metadata.deletionTimestamp) return undefined;
      // As Karpenter's: from then on it is as full or as empty as it looks.
      if (!isReadyNode(node) || node.spec?.taints?.some(({ key }) => key === NOT_READY)) return undefined;
      const claim = claims.list().find(({ status }) => status?.instanceID === name);
      if (!claim && (await instances.get(name))?.nodeClaim) return { requeueAfterMs: LOOK_MS };
      await client.update(nodes, dressed(node, claim?.spec));
      return undefined;
    },
  };
}

export function isUninitialized({ spec }: Node): boolean {
  return spec?.taints?.some(({ key }) => key === UNINITIALIZED.key) ?? false;
}

function dressed(node: Stored<Node>, claimed: NodeClaim['spec'] | undefined): Stored<Node> {
  const own = (node.spec?.taints ?? []).filter(({ key }) => key !== UNINITIALIZED.key);
  const missing = (claimed?.taints ?? []).filter(
    (taint) => !own.some(({ key, effect }) => key === taint.key && effect === taint.effect),
  );
  const labels = { ...node.metadata.labels, ...claimed?.labels };
  return { ...node, metadata: { ...node.metadata, labels }, spec: { ...node.spec, taints: [...own, ...missing] } };
}
