import type { Pod } from '../../../lib/api/types.ts';
import type { Cache } from '../../../lib/client/controller.ts';

export const BY_NODE = 'node';

/** Pods by the node they are bound to. Register before the caches start. */
export function indexByNode(cache: Cache<Pod>): void {
  cache.addIndex(BY_NODE, (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []));
}
