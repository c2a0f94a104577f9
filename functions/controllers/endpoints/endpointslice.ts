import { keyOf, type Stored } from '../../../lib/api/object.ts';
import { fromLabelSet } from '../../../lib/api/selectors.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { EndpointSlice, Service } from '../../../lib/api/types.ts';
import type { Client } from '../../../lib/client/client.ts';
import { type Cache, type Controller, watch } from '../../../lib/client/controller.ts';
import { endpointSlices, nodes, pods, services } from '../../../lib/client/resource-type.ts';
import { ownerReference } from '../claim.ts';
import type { ControllerDependencies } from '../dependencies.ts';
import { isNamespaceTerminating } from '../namespace-terminating.ts';
import { replicaNames } from '../replica-names.ts';
import {
  CONTROLLER,
  MANAGED_BY,
  type NewSlice,
  planSlices,
  SERVICE_NAME,
  type SlicePlan,
  sliceLabels,
} from './plan-slices.ts';
import { podEndpoints } from './pod-endpoint.ts';
import { servicesOfPod } from './services-of-pod.ts';
import { cpuShares, topologyOf, wantsTopologyHints } from './topology-hints.ts';

const BY_SERVICE = 'managed-service';

/** EndpointSlices of services with a selector. Those of a service that is gone are the garbage collector's. */
export function createEndpointSliceController({ caches, clientFor }: ControllerDependencies): Controller {
  const cache = caches.cache(services);
  const podCache = caches.cache(pods);
  const nodeCache = caches.cache(nodes);
  const slices = caches.cache(endpointSlices);
  slices.addIndex(BY_SERVICE, (slice) => serviceOf(slice));
  const client = clientFor('endpointslice-controller');
  const zoneOf = (name: string) => nodeCache.get(name)?.metadata.labels?.['topology.kubernetes.io/zone'];
  const shares = () => cpuShares(nodeCache.list());
  return {
    name: 'endpointslice',
    concurrency: 5,
    watches: [
      { type: services, keys: (object, previous) => [keyOf((object ?? previous)!)] },
      { type: pods, keys: (pod, previous) => servicesOfPod(cache, pod, previous) },
      {
        type: nodes,
        keys: (node, previous) =>
          topologyOf(node) === topologyOf(previous) ? [] : cache.list().filter(wantsTopologyHints).map(keyOf),
      },
      watch(endpointSlices, (slice, previous) => [...serviceOf(slice), ...serviceOf(previous)]),
    ],
    async reconcile(key) {
      const service = cache.get(key);
      if (!service?.spec?.selector || service.spec.type === 'ExternalName') return undefined;
      if (service.metadata.deletionTimestamp) return undefined;
      const selector = fromLabelSet(service.spec.selector);
      const chosen = podCache.list(service.metadata.namespace).filter((pod) => selector.matches(pod.metadata.labels));
      const existing = slices.byIndex(BY_SERVICE, key).filter((slice) => !slice.metadata.deletionTimestamp);
      await apply(
        client,
        service,
        planSlices(service, podEndpoints(service, chosen), existing, zoneOf, shares),
        slices,
      );
      return undefined;
    },
  };
}

function serviceOf(slice: Stored<EndpointSlice> | undefined): string[] {
  const { namespace, labels } = slice?.metadata ?? {};
  return labels?.[MANAGED_BY] === CONTROLLER && labels[SERVICE_NAME] ? [`${namespace}/${labels[SERVICE_NAME]}`] : [];
}

async function apply(
  client: Client,
  service: Stored<Service>,
  plan: SlicePlan,
  cache: Cache<EndpointSlice>,
): Promise<void> {
  const { namespace } = service.metadata;
  const held = (name: string) => cache.get(`${namespace}/${name}`) !== undefined;
  const names = replicaNames(service.metadata, plan.create.length, held);
  await Promise.all(plan.create.map((slice, i) => create(client, service, names[i]!, slice)));
  await Promise.all(plan.update.map((slice) => client.update(endpointSlices, slice)));
  await Promise.all(plan.remove.map((slice) => remove(client, slice)));
}

async function create(client: Client, service: Stored<Service>, name: string, slice: NewSlice): Promise<void> {
  const { namespace } = service.metadata;
  const owner = ownerReference({ apiVersion: 'v1', kind: 'Service', object: service });
  const generateName = `${service.metadata.name}-`;
  const metadata = { name, generateName, namespace, labels: sliceLabels(service), ownerReferences: [owner] };
  try {
    await client.create(endpointSlices, { ...slice, metadata });
  } catch (error) {
    if (!isNamespaceTerminating(error)) throw error;
  }
}

async function remove(client: Client, { metadata: { namespace, name, uid } }: Stored<EndpointSlice>): Promise<void> {
  try {
    await client.delete(endpointSlices, { namespace, name }, { uid });
  } catch (error) {
    if (!isReason(error, 'NotFound', 'Conflict')) throw error;
  }
}
