import type { Stored } from '../../../lib/api/object.ts';
import type { Node } from '../../../lib/api/types.ts';
import type { Controller } from '../../../lib/client/controller.ts';
import { nodes } from '../../../lib/client/resource-type.ts';
import { type ControllerDependencies, hands } from '../dependencies.ts';

/** kube-controller-manager's --node-cidr-mask-size for IPv4. */
const NODE_MASK = 24;

/** Gives nodes that come without a pod range one out of the cluster's. */
export function createNodeIpamController(dependencies: ControllerDependencies, clusterCIDR: string): Controller {
  const cache = dependencies.caches.cache(nodes);
  const own = hands(dependencies, 'node-controller', 'cidrAllocator');
  // Written, and maybe not in the cache yet. Two instances may still collide: the API lets a range be set only once, and one key at a time is worked on.
  const given = new Map<string, string>();
  return {
    name: 'node-ipam',
    watches: [{ type: nodes, keys: (node) => (node && !node.spec?.podCIDR ? [node.metadata.name] : []) }],
    async reconcile(name) {
      const node = cache.get(name);
      if (!node || node.spec?.podCIDR || node.metadata.deletionTimestamp) return undefined;
      const podCIDR = freeRange(clusterCIDR, cache.list(), given);
      if (podCIDR === undefined) {
        own.recorder.warning(node, 'CIDRNotAvailable', `Node ${name} status is now: CIDRNotAvailable`);
        return { requeueAfterMs: 60_000 };
      }
      given.set(podCIDR, node.metadata.uid);
      await own.client.update(nodes, { ...node, spec: { ...node.spec, podCIDR, podCIDRs: [podCIDR] } });
      return undefined;
    },
  };
}

/** The lowest that no node has. */
export function freeRange(
  clusterCIDR: string,
  all: readonly Stored<Node>[],
  given: Map<string, string>,
): string | undefined {
  const [network = '', bits = '16'] = clusterCIDR.split('/');
  const start = network.split('.').reduce((number, part) => number * 256 + Number(part), 0);
  const alive = new Set(all.map(({ metadata }) => metadata.uid));
  for (const [range, uid] of given) if (!alive.has(uid)) given.delete(range);
  const taken = new Set([...all.flatMap(({ spec }) => spec?.podCIDRs ?? spec?.podCIDR ?? []), ...given.keys()]);
  for (let i = 0; i < 2 ** (NODE_MASK - Number(bits)); i++) {
    const address = start + i * 2 ** (32 - NODE_MASK);
    const range = `${[24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')}/${NODE_MASK}`;
    if (!taken.has(range)) return range;
  }
  return undefined;
}
