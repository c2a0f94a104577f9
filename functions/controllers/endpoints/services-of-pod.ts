import { keyOf, type Stored } from '../../../lib/api/object.ts';
import { fromLabelSet } from '../../../lib/api/selectors.ts';
import type { Pod, Service } from '../../../lib/api/types.ts';
import type { Cache } from '../../../lib/client/controller.ts';
import { isFinished, isReady } from '../pod-state.ts';

/** Services whose endpoints a change of a pod touches. */
export function servicesOfPod(
  cache: Cache<Service>,
  pod: Stored<Pod> | undefined,
  previous: Stored<Pod> | undefined,
): string[] {
  if (pod && previous && face(pod) === face(previous)) return [];
  const labels = [pod?.metadata.labels, previous?.metadata.labels];
  return cache
    .list((pod ?? previous)!.metadata.namespace)
    .filter(({ spec }) => spec?.selector && labels.some((set) => set && fromLabelSet(spec.selector).matches(set)))
    .map(keyOf);
}

/** All that an endpoint shows of a pod. */
function face(pod: Stored<Pod>): string {
  const { labels, deletionTimestamp, uid } = pod.metadata;
  const { nodeName, hostname, subdomain } = pod.spec ?? {};
  return JSON.stringify([
    uid,
    labels,
    deletionTimestamp,
    nodeName,
    hostname,
    subdomain,
    pod.status?.podIPs,
    pod.status?.podIP,
    isReady(pod),
    isFinished(pod),
  ]);
}
