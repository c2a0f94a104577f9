import { keyOf, type Stored, splitKey } from '../../../lib/api/object.ts';
import type { Service } from '../../../lib/api/types.ts';
import type { Cache, Controller, Watch } from '../../../lib/client/controller.ts';
import { services } from '../../../lib/client/resource-type.ts';
import { type ControllerDependencies, hands } from '../dependencies.ts';
import { isOurs, parseAddresses, planAddress } from './plan-address.ts';

/**
 * Gives Services of type LoadBalancer addresses of the cluster's own on its machine, where a cloud would make a load balancer.
 * That packets for them reach a node is the machine's part; that they reach endpoints, the service proxy's.
 */
export function createServiceLoadBalancer(dependencies: ControllerDependencies, addresses: string): Controller {
  const cache = dependencies.caches.cache(services);
  const { client, recorder } = hands(dependencies, 'service-controller', 'service-lb-controller');
  const range = parseAddresses(addresses);
  /** By uid: what was written and may not be in the cache yet. One key at a time, so no two can be given the same. */
  const promised = new Map<string, string>();
  return {
    name: 'service-lb',
    watches: [touched(cache)],
    async reconcile(key) {
      const service = cache.get(key);
      if (!service) return undefined;
      const plan = planAddress(service, cache.list(), range, promised);
      if (!plan) return undefined;
      if ('exhausted' in plan) {
        const why = `Error syncing load balancer: no address of ${addresses} is left`;
        recorder.warning(service, 'SyncLoadBalancerFailed', why);
        return undefined;
      }
      if ('assign' in plan) promised.set(service.metadata.uid, plan.assign);
      else promised.delete(service.metadata.uid);
      // What is replaced is the list: a merge patch knows no keys within it.
      const loadBalancer = 'assign' in plan ? { ingress: [{ ip: plan.assign, ipMode: 'VIP' }] } : { ingress: null };
      const body = { metadata: { uid: service.metadata.uid }, status: { loadBalancer } };
      await client.patch(services, splitRef(key), { type: 'merge', body }, { subresource: 'status' });
      if ('assign' in plan) recorder.normal(service, 'EnsuredLoadBalancer', 'Ensured load balancer');
      else recorder.normal(service, 'DeletedLoadBalancer', 'Deleted load balancer');
      return undefined;
    },
  };
}

function splitRef(key: string) {
  const { namespace, name } = splitKey(key);
  return { namespace, name };
}

/** An address that becomes free is for those that wait. */
function touched(cache: Cache<Service>): Watch<Service> {
  return {
    type: services,
    keys(service, previous) {
      const own = service ? [keyOf(service)] : [];
      const freed = previous && isOurs(previous) && !(service && isOurs(service));
      return freed ? [...own, ...cache.list().filter(isWaiting).map(keyOf)] : own;
    },
  };
}

function isWaiting(service: Stored<Service>): boolean {
  return isOurs(service) && !service.status?.loadBalancer?.ingress?.length;
}
