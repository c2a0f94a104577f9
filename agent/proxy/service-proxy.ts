import { keyOf } from '../../lib/api/object.ts';
import type { EndpointSlice, Node, Pod, Service } from '../../lib/api/types.ts';
import type { Cache, Controller, Watch } from '../../lib/client/controller.ts';
import { endpointSlices, nodes, pods, services } from '../../lib/client/resource-type.ts';
import { slicesByService } from '../network/service-index.ts';
import { type ClusterRange, TABLE } from './base-rules.ts';
import { forgetFlows, staleFlows } from './conntrack.ts';
import type { Place } from './endpoints.ts';
import { hostPorts } from './host-ports.ts';
import { nft } from './nft.ts';
import { proxyRules } from './proxy-rules.ts';
import type { Ruleset } from './ruleset.ts';
import { replaceScript, updateScript } from './script.ts';
import { isProxied, type ServicePortTarget, servicePorts } from './service-port.ts';

export interface ServiceProxyOptions extends ClusterRange {
  services: Cache<Service>;
  endpointSlices: Cache<EndpointSlice>;
  /** May hold other nodes' pods too. */
  pods: Cache<Pod>;
  /** Holds this node: its zone may change. */
  nodes: Cache<Node>;
  nodeName: string;
  /** Told of what is served now: health-check node ports. */
  onSync?(targets: readonly ServicePortTarget[]): void;
}

const ZONE = 'topology.kubernetes.io/zone';
/** One key: the rules are one state, and changes that come while it is written are written together. */
const KEY = 'rules';
/** At most ten transactions a second, the first without waiting. */
const MIN_SYNC_PERIOD_MS = 100;

/** The service proxy of a node: keeps its nftables table equal to what services and endpoint slices say. */
export function serviceProxy(options: ServiceProxyOptions, clock: { now(): number }): Controller {
  const slicesOf = slicesByService(options.endpointSlices);
  let applied: { ruleset: Ruleset; targets: ServicePortTarget[] } | undefined;
  let lastMs = 0;
  return {
    name: 'service-proxy',
    watches: [onAny(services), onAny(endpointSlices), hostPortPods, ownZone(options.nodeName)],
    async reconcile() {
      const waitMs = lastMs + MIN_SYNC_PERIOD_MS - clock.now();
      if (waitMs > 0) return { requeueAfterMs: waitMs };
      const targets = readTargets(options, slicesOf);
      const ports = hostPorts(options.pods.list().filter((pod) => pod.spec?.nodeName === options.nodeName));
      const ruleset = proxyRules(targets, ports, options);
      await apply(applied?.ruleset, ruleset);
      // After a restart nothing is known of before: what is stale ends by its timeout.
      const stale = applied ? staleFlows(applied.targets, targets) : [];
      applied = { ruleset, targets };
      lastMs = clock.now();
      await forgetFlows(stale);
      options.onSync?.(targets);
      return undefined;
    },
  };
}

type SlicesOf = ReturnType<typeof slicesByService>;

function readTargets(options: ServiceProxyOptions, slicesOf: SlicesOf): ServicePortTarget[] {
  const { services, ownIPs } = options;
  const place = placeOf(options);
  const proxied = services
    .list()
    .filter((service) => isProxied(service) && !ownIPs.includes(service.spec?.clusterIP ?? ''));
  proxied.sort((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp));
  return proxied.flatMap((service) => targetsOf(service, slicesOf(keyOf(service)), place));
}

interface Known {
  slices: readonly EndpointSlice[];
  zone: string | undefined;
  targets: ServicePortTarget[];
}

const known = new WeakMap<Service, Known>();

/** The same as before while the service and its slices are the same objects. */
function targetsOf(service: Service, slices: readonly EndpointSlice[], place: Place): ServicePortTarget[] {
  const before = known.get(service);
  const same = before?.zone === place.zone && sameObjects(before?.slices, slices);
  if (before && same) return before.targets;
  const targets = servicePorts(service, slices, place);
  known.set(service, { slices, zone: place.zone, targets });
  return targets;
}

function sameObjects(a: readonly object[] | undefined, b: readonly object[]): boolean {
  return a !== undefined && a.length === b.length && a.every((object, i) => object === b[i]);
}

function placeOf({ nodes, nodeName }: ServiceProxyOptions): Place {
  return { nodeName, zone: zoneOf(nodes.get(nodeName)) };
}

function zoneOf(node: Node | undefined): string | undefined {
  return node?.metadata?.labels?.[ZONE];
}

/** The difference, or everything when there was nothing or the difference does not fit (somebody changed the table). */
async function apply(previous: Ruleset | undefined, next: Ruleset): Promise<void> {
  if (!previous) return nft(replaceScript(TABLE, next));
  try {
    await nft(updateScript(TABLE, previous, next));
  } catch {
    await nft(replaceScript(TABLE, next));
  }
}

function onAny<T>(type: Watch<T>['type']): Watch<T> {
  return { type, keys: () => [KEY] };
}

const hostPortPods: Watch<Pod> = {
  type: pods,
  keys: (pod, previous) => ([pod, previous].some((p) => p && hostPorts([p]).length > 0) ? [KEY] : []),
};

function ownZone(nodeName: string): Watch<Node> {
  return {
    type: nodes,
    keys: (node, previous) =>
      (node ?? previous)?.metadata.name === nodeName && zoneOf(node) !== zoneOf(previous) ? [KEY] : [],
  };
}
