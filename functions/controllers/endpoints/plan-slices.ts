import type { Stored } from '../../../lib/api/object.ts';
import type { Endpoint, EndpointHints, EndpointSlice, Service } from '../../../lib/api/types.ts';
import { canonicalJson } from '../hash.ts';
import { addressOf, isHeadless, type PodEndpoint, type ResolvedPort } from './pod-endpoint.ts';
import { planTopologyHints, wantsTopologyHints } from './topology-hints.ts';

export const SERVICE_NAME = 'kubernetes.io/service-name';
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
export const CONTROLLER = 'endpointslice-controller.k8s.io';
const HEADLESS = 'service.kubernetes.io/headless';
/** kube-controller-manager's --max-endpoints-per-slice. */
const MAX_ENDPOINTS = 100;

type Family = 'IPv4' | 'IPv6';

/** A slice without a name yet: to be created. */
export type NewSlice = Pick<EndpointSlice, 'addressType' | 'endpoints' | 'ports'>;

export interface SlicePlan {
  create: NewSlice[];
  update: Stored<EndpointSlice>[];
  remove: Stored<EndpointSlice>[];
}

/**
 * Endpoints stay in the slices they are in; what is new fills slices that have room, then new ones; each set of ports and
 * each address family has slices of its own. Source: k8s.io/endpointslice/reconciler.go; KEP-752.
 */
export function planSlices(
  service: Stored<Service>,
  pods: readonly PodEndpoint[],
  existing: readonly Stored<EndpointSlice>[],
  zoneOf: (nodeName: string) => string | undefined,
  cpuShares?: () => ReadonlyMap<string, number> | undefined,
): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], remove: [] };
  const families = (service.spec?.ipFamilies ?? ['IPv4']) as Family[];
  for (const family of families) {
    const slices = existing.filter(({ addressType }) => addressType === family);
    const hintsOf = hinting(service, pods, family, zoneOf, cpuShares);
    const groups = groupByPorts(pods, family, (pod, ip) => toEndpoint(pod, ip, zoneOf, hintsOf));
    planFamily(service, family, groups, slices, plan);
  }
  plan.remove.push(...existing.filter(({ addressType }) => !families.includes(addressType as Family)));
  return plan;
}

interface Group {
  ports: ResolvedPort[];
  endpoints: Map<string, Endpoint>;
}

function groupByPorts(
  pods: readonly PodEndpoint[],
  family: Family,
  endpointOf: (pod: PodEndpoint, address: string) => Endpoint,
): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const pod of pods) {
    const address = addressOf(pod.pod, family);
    if (address === undefined) continue;
    const key = portsKey(pod.ports);
    const group = groups.get(key) ?? { ports: pod.ports, endpoints: new Map<string, Endpoint>() };
    groups.set(key, group);
    group.endpoints.set(pod.pod.metadata.uid, endpointOf(pod, address));
  }
  return groups;
}

const portsKey = (ports: readonly object[] | undefined): string =>
  [...(ports ?? [])]
    .map((port) => canonicalJson({ name: '', protocol: 'TCP', ...port }))
    .sort()
    .join();

type HintsOf = (pod: PodEndpoint, zone: string | undefined) => EndpointHints | undefined;

/** By the annotation `topology-mode: Auto`, or by trafficDistribution. */
function hinting(
  service: Stored<Service>,
  pods: readonly PodEndpoint[],
  family: Family,
  zoneOf: (node: string) => string | undefined,
  cpuShares: (() => ReadonlyMap<string, number> | undefined) | undefined,
): HintsOf {
  if (!wantsTopologyHints(service)) {
    return ({ pod }, zone) => hintsFor(service.spec?.trafficDistribution, pod.spec?.nodeName, zone);
  }
  const ready = pods.filter((one) => one.ready && addressOf(one.pod, family) !== undefined);
  const located = ready.map(({ pod }) => ({ key: pod.metadata.uid, zone: zoneOf(pod.spec?.nodeName ?? '') }));
  const zones = planTopologyHints(located, cpuShares?.());
  return ({ pod }) => {
    const name = zones?.get(pod.metadata.uid);
    return name === undefined ? undefined : { forZones: [{ name }] };
  };
}

function toEndpoint(
  endpoint: PodEndpoint,
  address: string,
  zoneOf: (node: string) => string | undefined,
  hintsOf: HintsOf,
): Endpoint {
  const { pod, ready, serving, terminating, hostname } = endpoint;
  const { namespace, name, uid } = pod.metadata;
  const nodeName = pod.spec?.nodeName;
  const zone = nodeName && zoneOf(nodeName);
  const hints = hintsOf(endpoint, zone);
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(hostname && { hostname }),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(nodeName && { nodeName }),
    ...(zone && { zone }),
    ...(hints && { hints }),
  };
}

/** Where an endpoint is best used from: where it is. Source: k8s.io/endpointslice/trafficdist; KEP-4444, KEP-3015. */
function hintsFor(
  distribution: string | undefined,
  nodeName: string | undefined,
  zone: string | undefined,
): EndpointHints | undefined {
  const forZones = zone ? { forZones: [{ name: zone }] } : undefined;
  if (distribution === 'PreferSameZone' || distribution === 'PreferClose') return forZones;
  if (distribution !== 'PreferSameNode' || !nodeName) return undefined;
  return { forNodes: [{ name: nodeName }], ...forZones };
}

function planFamily(
  service: Stored<Service>,
  family: Family,
  groups: Map<string, Group>,
  slices: readonly Stored<EndpointSlice>[],
  plan: SlicePlan,
): void {
  const wanted: { slice: Stored<EndpointSlice> | undefined; ports: ResolvedPort[]; endpoints: Endpoint[] }[] = [];
  for (const [key, group] of groups) {
    const own = slices.filter((slice) => portsKey(slice.ports) === key);
    wanted.push(...distribute(group, own));
  }
  // A service without endpoints has one empty slice: it tells those who look that there are none.
  if (wanted.length === 0) wanted.push({ slice: slices[0], ports: [], endpoints: [] });
  const kept = new Set(wanted.map(({ slice }) => slice));
  plan.remove.push(...slices.filter((slice) => !kept.has(slice)));
  for (const { slice, ports, endpoints } of wanted) {
    if (!slice) plan.create.push({ addressType: family, ports, endpoints });
    else updateIfChanged(service, slice, ports, endpoints, plan);
  }
}

function distribute({ ports, endpoints }: Group, slices: readonly Stored<EndpointSlice>[]) {
  const left = new Map(endpoints);
  const kept = slices.map((slice) => {
    const stay = (slice.endpoints ?? []).flatMap(({ targetRef }) => take(left, targetRef?.uid));
    return { slice: slice as Stored<EndpointSlice> | undefined, ports, endpoints: stay };
  });
  const fresh = [...left.values()];
  for (const { endpoints: present } of kept)
    present.push(...fresh.splice(0, Math.max(0, MAX_ENDPOINTS - present.length)));
  const result = kept.filter(({ endpoints: present }) => present.length > 0);
  while (fresh.length > 0) result.push({ slice: undefined, ports, endpoints: fresh.splice(0, MAX_ENDPOINTS) });
  return result;
}

function take(from: Map<string, Endpoint>, uid: string | undefined): Endpoint[] {
  const endpoint = uid === undefined ? undefined : from.get(uid);
  if (!endpoint) return [];
  from.delete(uid!);
  return [endpoint];
}

function updateIfChanged(
  service: Stored<Service>,
  slice: Stored<EndpointSlice>,
  ports: ResolvedPort[],
  endpoints: Endpoint[],
  plan: SlicePlan,
): void {
  const labels = sliceLabels(service);
  const next = { ...slice, metadata: { ...slice.metadata, labels }, ports, endpoints };
  if (content(next) !== content(slice)) plan.update.push(next);
}

function content({ metadata, ports, endpoints }: Stored<EndpointSlice>): string {
  return canonicalJson([metadata.labels, portsKey(ports), endpoints ?? []]);
}

/** The service's own labels come along. */
export function sliceLabels(service: Stored<Service>): Record<string, string> {
  const { [HEADLESS]: _headless, ...labels } = service.metadata.labels ?? {};
  return {
    ...labels,
    ...(isHeadless(service) && { [HEADLESS]: '' }),
    [SERVICE_NAME]: service.metadata.name,
    [MANAGED_BY]: CONTROLLER,
  };
}
