import { isServedIngress } from '../../lib/api/ingress-class.ts';
import { keyOf, type Stored } from '../../lib/api/object.ts';
import type { EndpointSlice, Ingress, IngressBackend } from '../../lib/api/types.ts';
import type { Caches, Controller, Watch } from '../../lib/client/controller.ts';
import { endpointSlices, ingressClasses, ingresses, secrets, services } from '../../lib/client/resource-type.ts';
import type { Log } from '../context.ts';
import { serviceNameOf, slicesByService } from '../network/service-index.ts';
import { certificateStore } from './certificates.ts';
import type { Gateway } from './gateway.ts';
import { buildTable } from './table.ts';
import { resolveUpstream, type Upstream } from './upstream.ts';

/** One key: what is served is one state, taken up between two requests. */
const KEY = 'gateway';

/** Keeps what the gateway serves equal to Ingresses, Services, endpoints and Secrets. */
export function gatewayController(caches: Caches, gateway: Pick<Gateway, 'state'>, log: Log): Controller {
  const cache = caches.cache(ingresses);
  const classes = caches.cache(ingressClasses);
  const serviceCache = caches.cache(services);
  const secretCache = caches.cache(secrets);
  const slicesOf = slicesByService(caches.cache(endpointSlices));
  const certificatesOf = certificateStore(log);
  /** Most Services and endpoints of a cluster are behind no Ingress: their changes do not count. */
  let used = new Set<string>();
  const onService: Watch<any> = {
    type: services,
    keys: (service, previous) => (used.has(keyOf((service ?? previous)!)) ? [KEY] : []),
  };
  const onSlice: Watch<any> = {
    type: endpointSlices,
    keys: (slice, previous) => (used.has(serviceKey((slice ?? previous)!)) ? [KEY] : []),
  };
  return {
    name: 'ingress-gateway',
    watches: [ingresses, ingressClasses, secrets].map(onAny).concat(onService, onSlice),
    async reconcile() {
      const served = cache.list().filter((ingress) => isServedIngress(ingress, (name) => classes.get(name)));
      const keys = new Set<string>();
      const upstreams = new Map<string, Upstream | undefined>();
      const table = buildTable(served, (namespace, backend, options) => {
        const key = `${namespace}/${backend.service?.name}`;
        keys.add(key);
        const id = `${key} ${portOf(backend)} ${options.protocol}`;
        if (!upstreams.has(id))
          upstreams.set(id, resolveUpstream(namespace, backend, options, serviceCache.get(key), slicesOf(key)));
        return upstreams.get(id);
      });
      used = keys;
      gateway.state = { table, certificates: certificatesOf(served, (key) => secretCache.get(key)) };
      return undefined;
    },
  };
}

function onAny(type: Watch<any>['type']): Watch<any> {
  return { type, keys: () => [KEY] };
}

function serviceKey(slice: Stored<any>): string {
  return `${slice.metadata?.namespace}/${serviceNameOf(slice as Stored<EndpointSlice>)}`;
}

function portOf({ service }: IngressBackend): string {
  return service?.port?.name ?? `${service?.port?.number}`;
}

/** Whether there is anything to serve. */
export function anyServed(list: readonly Stored<Ingress>[], classOf: Parameters<typeof isServedIngress>[1]): boolean {
  return list.some((ingress) => isServedIngress(ingress, classOf));
}
