import { keyOf, type Stored } from '../../api/object.ts';
import type { EndpointSlice, Node, Service } from '../../api/types.ts';
import type { Caches, Controller, Watch } from '../../client/controller.ts';
import { endpointSlices, nodes as nodeType, services as serviceType } from '../../client/resource-type.ts';
import { ipBatch, ipJson } from '../network/ip.ts';
import { chosen, readyNodes, servingNodes } from './eligible-nodes.ts';

/** A mark on our routes (rtnetlink(7), rtm_protocol), so that they are told from others'. */
const PROTOCOL = 207;
const KEY = 'routes';
const SERVICE_NAME = 'kubernetes.io/service-name';
const BY_SERVICE = 'service';

export interface RouteOptions {
  caches: Caches;
  bridge: string;
  ingressIP: string;
  /** Whether an address is one of the machine's for load balancers. */
  isOurs(ip: string): boolean;
}

/** Address → node. */
export type Routes = ReadonlyMap<string, string>;

/** Keeps the machine's way to load balancers' addresses and to the ingress gateway: over a node that serves them. */
export function machineRoutes(options: RouteOptions): Controller {
  const { caches, bridge } = options;
  const services = caches.cache(serviceType);
  const nodes = caches.cache(nodeType);
  const slices = caches.cache(endpointSlices);
  slices.addIndex(BY_SERVICE, (slice) => [`${slice.metadata.namespace}/${slice.metadata.labels?.[SERVICE_NAME]}`]);
  return {
    name: 'machine-routes',
    watches: [onLoadBalancer, onNode, onSliceOf((key) => services.get(key))],
    async reconcile() {
      const present = await presentRoutes(bridge);
      const slicesOf = (key: string) => slices.byIndex(BY_SERVICE, key);
      const wanted = planRoutes({ services: services.list(), nodes: nodes.list(), slicesOf, present, ...options });
      await ipBatch(routeLines(present, wanted, bridge));
      return undefined;
    },
  };
}

interface RouteInput extends Pick<RouteOptions, 'ingressIP' | 'isOurs'> {
  services: readonly Stored<Service>[];
  nodes: readonly Stored<Node>[];
  slicesOf(key: string): readonly EndpointSlice[];
  present: Routes;
}

export function planRoutes({ services, nodes, slicesOf, present, ingressIP, isOurs }: RouteInput): Routes {
  const routes = new Map<string, string>();
  const gateway = chosen('ingress', readyNodes(nodes), present.get(ingressIP));
  if (gateway) routes.set(ingressIP, gateway.ip);
  for (const service of services.filter(isLoadBalancer)) {
    const candidates = servingNodes(service, slicesOf(keyOf(service)), nodes);
    for (const { ip = '' } of service.status?.loadBalancer?.ingress ?? []) {
      const node = isOurs(ip) ? chosen(keyOf(service), candidates, present.get(ip)) : undefined;
      if (node && !routes.has(ip)) routes.set(ip, node.ip);
    }
  }
  return routes;
}

export function routeLines(present: Routes, wanted: Routes, bridge: string): string[] {
  const gone = [...present.keys()].filter((ip) => !wanted.has(ip));
  const changed = [...wanted].filter(([ip, node]) => present.get(ip) !== node);
  return [
    ...gone.map((ip) => `route delete ${ip}/32 dev ${bridge} proto ${PROTOCOL}`),
    ...changed.map(([ip, node]) => `route replace ${ip}/32 via ${node} dev ${bridge} proto ${PROTOCOL}`),
  ];
}

async function presentRoutes(bridge: string): Promise<Routes> {
  const routes = await ipJson('-4', 'route', 'show', 'dev', bridge, 'proto', `${PROTOCOL}`);
  return new Map(routes.map(({ dst, gateway }) => [dst, gateway]));
}

function isLoadBalancer({ spec }: Service): boolean {
  return spec?.type === 'LoadBalancer';
}

const onLoadBalancer: Watch<Service> = {
  type: serviceType,
  keys: (service, previous) => ([service, previous].some((s) => s && isLoadBalancer(s)) ? [KEY] : []),
};

/** Not each heartbeat: whether it is ready, and where. */
const onNode: Watch<Node> = {
  type: nodeType,
  keys: (node, previous) => (node && previous && face(node) === face(previous) ? [] : [KEY]),
};

function face(node: Stored<Node>): string {
  return JSON.stringify([readyNodes([node]), node.metadata.labels]);
}

function onSliceOf(serviceOf: (key: string) => Stored<Service> | undefined): Watch<EndpointSlice> {
  return {
    type: endpointSlices,
    keys(slice, previous) {
      const { namespace, labels } = (slice ?? previous)!.metadata;
      const service = serviceOf(`${namespace}/${labels?.[SERVICE_NAME]}`);
      return service && isLoadBalancer(service) && service.spec?.externalTrafficPolicy === 'Local' ? [KEY] : [];
    },
  };
}
