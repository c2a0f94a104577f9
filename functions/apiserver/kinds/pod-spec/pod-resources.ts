import { forbiddenField, invalidValue } from '../../../../lib/api/causes.ts';
import { addQuantities, compareQuantities } from '../../../../lib/api/quantity.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { Container, PodSpec } from '../../../../lib/api/types.ts';
import type { ResourceList } from '../resource-list.ts';
import { checkPodResourceName, checkRequirements, isHugePages, isOvercommitAllowed } from './resources.ts';

const isPodLevel = (name: string) => name === 'cpu' || name === 'memory' || isHugePages(name);

/** The resources of a whole pod (KEP-2837). Source: validatePodResources in k8s.io/kubernetes/pkg/apis/core/validation. */
export function checkPodLevelResources(causes: Cause[], spec: PodSpec, path: string): void {
  const { resources } = spec;
  if (!resources) return;
  if (resources.claims) {
    causes.push(forbiddenField(`${path}.claims`, 'claims may not be set for Resources at pod-level'));
  }
  checkRequirements(causes, { ...resources, claims: undefined }, path, undefined, checkPodResourceName);
  const requests = aggregate(spec, 'requests');
  for (const name in requests) {
    const own = resources.requests?.[name];
    if (own === undefined || compareQuantities(requests[name]!, own) <= 0) continue;
    const why = `must be greater than or equal to aggregate container requests of ${requests[name]}`;
    causes.push(invalidValue(`${path}.requests[${name}]`, own, why));
  }
  checkContainerLimits(causes, spec, path);
}

function checkContainerLimits(causes: Cause[], { containers, resources }: PodSpec, path: string): void {
  containers?.forEach((container, i) => {
    const limits = container.resources?.limits ?? {};
    for (const name in limits) {
      const own = resources?.limits?.[name];
      if (own === undefined || compareQuantities(limits[name]!, own) <= 0) continue;
      const why = `must be less than or equal to pod limits of ${own}`;
      causes.push(invalidValue(`${path}.containers[${i}][${name}].limits`, limits[name], why));
    }
  });
}

/**
 * The most that the pod's containers ask for at once: init containers run one by one, beside the sidecars started before them.
 * Source: k8s.io/component-helpers/resource AggregateContainerRequests.
 */
export function aggregate(spec: PodSpec, kind: 'requests' | 'limits'): ResourceList {
  const running: ResourceList = {};
  for (const container of spec.containers ?? []) add(running, container, kind);
  const sidecars: ResourceList = {};
  const peak: ResourceList = {};
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      add(running, container, kind);
      add(sidecars, container, kind);
      raise(peak, sidecars);
    } else {
      const now = { ...sidecars };
      add(now, container, kind);
      raise(peak, now);
    }
  }
  raise(running, peak);
  return running;
}

function add(sum: ResourceList, container: Container, kind: 'requests' | 'limits'): void {
  const list = container.resources?.[kind] ?? {};
  for (const name in list) sum[name] = name in sum ? addQuantities(sum[name]!, list[name]!) : list[name]!;
}

function raise(most: ResourceList, now: ResourceList): void {
  for (const name in now)
    if (!(name in most) || compareQuantities(now[name]!, most[name]!) > 0) most[name] = now[name]!;
}

/** Requests that were left out follow from the containers', then from the pod's limits. Source: defaultPodRequests. */
export function defaultPodLevelResources(spec: PodSpec): void {
  const { resources } = spec;
  if (!resources || Object.keys(resources.limits ?? {}).length === 0) return;
  const requests: ResourceList = { ...resources.requests };
  const containers = aggregate(spec, 'requests');
  for (const name in containers) {
    if (isPodLevel(name) && isOvercommitAllowed(name)) requests[name] ??= containers[name]!;
  }
  for (const name in resources.limits) if (isPodLevel(name)) requests[name] ??= resources.limits[name]!;
  if (Object.keys(requests).length > 0) resources.requests = requests;
}
