import { fromLabelSelector, fromLabelSet, type LabelMatcher, labelMatcher } from '../../lib/api/selectors.ts';
import type { Caches } from '../../lib/client/controller.ts';
import { replicaSets, replicationControllers, services, statefulSets } from '../../lib/client/resource-type.ts';
import type { DefaultSelector } from './plugins/pod-topology-spread.ts';
import type { PodInfo } from './pod-info.ts';

/** What the services and the controller of a pod select, merged. Source: kube-scheduler's helper.DefaultSelector. */
export function createDefaultSelector(caches: Caches): DefaultSelector {
  const allServices = caches.cache(services);
  const ofOwner = ownerSelector(caches);
  return (pod) => {
    const selectors = allServices
      .list(pod.namespace)
      .map((service) => service.spec?.selector)
      .filter((selector) => selector && fromLabelSet(selector).matches(pod.labels));
    const merged = fromLabelSet(Object.assign({}, ...selectors));
    const owner = ofOwner(pod);
    return owner ? labelMatcher([...merged.requirements, ...owner.requirements]) : merged;
  };
}

function ownerSelector(caches: Caches): (pod: PodInfo) => LabelMatcher | undefined {
  const sets = { ReplicaSet: caches.cache(replicaSets), StatefulSet: caches.cache(statefulSets) };
  const controllers = caches.cache(replicationControllers);
  return ({ pod, namespace }) => {
    const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller);
    if (!owner) return undefined;
    const key = `${namespace}/${owner.name}`;
    if (owner.kind === 'ReplicationController') return fromLabelSet(controllers.get(key)?.spec?.selector);
    const set = owner.kind === 'ReplicaSet' || owner.kind === 'StatefulSet' ? sets[owner.kind].get(key) : undefined;
    return set && fromLabelSelector(set.spec?.selector);
  };
}
