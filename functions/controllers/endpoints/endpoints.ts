import { keyOf, type Stored } from '../../../lib/api/object.ts';
import { fromLabelSet } from '../../../lib/api/selectors.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { Endpoints, Service } from '../../../lib/api/types.ts';
import type { Client } from '../../../lib/client/client.ts';
import type { Controller } from '../../../lib/client/controller.ts';
import { endpoints, pods, services } from '../../../lib/client/resource-type.ts';
import type { ControllerDependencies } from '../dependencies.ts';
import { canonicalJson } from '../hash.ts';
import { isNamespaceTerminating } from '../namespace-terminating.ts';
import { planSubsets, type SubsetPlan } from './plan-subsets.ts';
import { isHeadless, podEndpoints } from './pod-endpoint.ts';
import { servicesOfPod } from './services-of-pod.ts';

const MANAGED_BY = 'endpoints.kubernetes.io/managed-by';
const CONTROLLER = 'endpoint-controller';
const HEADLESS = 'service.kubernetes.io/headless';
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';

/** The older Endpoints beside EndpointSlices, for those who still read them. */
export function createEndpointsController({ caches, clientFor }: ControllerDependencies): Controller {
  const cache = caches.cache(services);
  const podCache = caches.cache(pods);
  const written = caches.cache(endpoints);
  const client = clientFor('endpoint-controller');
  return {
    name: 'endpoints',
    concurrency: 5,
    watches: [
      { type: services, keys: (object, previous) => [keyOf((object ?? previous)!)] },
      { type: pods, keys: (pod, previous) => servicesOfPod(cache, pod, previous) },
      { type: endpoints, keys: (object, previous) => [keyOf((object ?? previous)!)] },
    ],
    async reconcile(key) {
      const service = cache.get(key);
      const present = written.get(key);
      if (!service) return present && removeOrphan(client, present);
      if (!service.spec?.selector || service.spec.type === 'ExternalName' || service.metadata.deletionTimestamp)
        return undefined;
      const selector = fromLabelSet(service.spec.selector);
      const chosen = podCache.list(service.metadata.namespace).filter((pod) => selector.matches(pod.metadata.labels));
      await write(client, service, present, planSubsets(service, podEndpoints(service, chosen)));
      return undefined;
    },
  };
}

/** Of a service that is gone: confirmed live, and only what this controller wrote. */
async function removeOrphan(client: Client, { metadata }: Stored<Endpoints>): Promise<undefined> {
  if (metadata.labels?.[MANAGED_BY] !== CONTROLLER) return undefined;
  const { namespace, name, uid } = metadata;
  try {
    await client.get(services, { namespace, name });
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error;
    await client.delete(endpoints, { namespace, name }, { uid });
  }
  return undefined;
}

async function write(
  client: Client,
  service: Stored<Service>,
  present: Stored<Endpoints> | undefined,
  plan: SubsetPlan,
): Promise<void> {
  const { namespace, name } = service.metadata;
  const { [OVER_CAPACITY]: _, ...kept } = present?.metadata.annotations ?? {};
  const annotations = plan.truncated ? { ...kept, [OVER_CAPACITY]: 'truncated' } : kept;
  const labels = {
    ...service.metadata.labels,
    ...(isHeadless(service) && { [HEADLESS]: '' }),
    [MANAGED_BY]: CONTROLLER,
  };
  const metadata = { ...present?.metadata, namespace, name, labels, annotations };
  const next: Endpoints = { ...present, metadata, subsets: plan.subsets };
  if (present && content(next) === content(present)) return;
  try {
    if (present) await client.update(endpoints, next);
    else await client.create(endpoints, next);
  } catch (error) {
    if (!isNamespaceTerminating(error)) throw error;
  }
}

function content({ metadata, subsets }: Endpoints): string {
  return canonicalJson([metadata?.labels, metadata?.annotations ?? {}, subsets ?? []]);
}
