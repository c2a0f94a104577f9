import { keyOf, type Stored } from '../../../lib/api/object.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { Endpoint, EndpointAddress, EndpointSlice, EndpointSubset, Endpoints } from '../../../lib/api/types.ts';
import { type Cache, type Controller, watch } from '../../../lib/client/controller.ts';
import { endpointSlices, endpoints, services } from '../../../lib/client/resource-type.ts';
import { ownerReference } from '../claim.ts';
import { type ControllerDependencies, type Hands, hands } from '../dependencies.ts';
import { canonicalJson } from '../hash.ts';
import { isNamespaceTerminating } from '../namespace-terminating.ts';
import { replicaNames } from '../replica-names.ts';
import { MANAGED_BY, SERVICE_NAME } from './plan-slices.ts';

const CONTROLLER = 'endpointslicemirroring-controller.k8s.io';
const SKIP = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER = 'control-plane.alpha.kubernetes.io/leader';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';
const BY_ENDPOINTS = 'mirrored-endpoints';
/** --mirroring-max-endpoints-per-subset: more are cut off. */
const MAX_PER_SUBSET = 1000;

/** EndpointSlices for Endpoints that users write themselves. KEP-752; source: pkg/controller/endpointslicemirroring. */
export function createEndpointSliceMirroringController(dependencies: ControllerDependencies): Controller {
  const { caches } = dependencies;
  const cache = caches.cache(endpoints);
  const serviceCache = caches.cache(services);
  const slices = caches.cache(endpointSlices);
  slices.addIndex(BY_ENDPOINTS, mirrorOf);
  const own = hands(dependencies, 'endpointslicemirroring-controller', 'endpoint-slice-mirroring-controller');
  return {
    name: 'endpointslice-mirroring',
    concurrency: 5,
    watches: [
      watch(endpoints, (object, previous) => [keyOf((object ?? previous)!)]),
      watch(services, (service, previous) => [keyOf((service ?? previous)!)]),
      watch(endpointSlices, (slice, previous) => [...mirrorOf(slice), ...mirrorOf(previous)]),
    ],
    async reconcile(key) {
      const source = cache.get(key);
      const service = serviceCache.get(key);
      const existing = slices.byIndex(BY_ENDPOINTS, key).filter(({ metadata }) => !metadata.deletionTimestamp);
      const mirrored = source && service && !service.spec?.selector && isMirrored(source);
      const wanted = mirrored ? (source.subsets?.flatMap(toSlices) ?? []) : [];
      await apply(source, wanted, existing, slices, own);
      return undefined;
    },
  };
}

function mirrorOf(slice: Stored<EndpointSlice> | undefined): string[] {
  const { namespace, labels } = slice?.metadata ?? {};
  return labels?.[MANAGED_BY] === CONTROLLER && labels[SERVICE_NAME] ? [`${namespace}/${labels[SERVICE_NAME]}`] : [];
}

/** Leader election records of old, and what says so, are not mirrored; nor what a controller wrote. */
function isMirrored({ metadata }: Stored<Endpoints>): boolean {
  if (metadata.deletionTimestamp || metadata.labels?.[SKIP] === 'true') return false;
  return metadata.annotations?.[LEADER] === undefined;
}

type Content = Pick<EndpointSlice, 'addressType' | 'endpoints' | 'ports'>;

function toSlices({ addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset): Content[] {
  const all = [
    ...addresses.map((address) => toEndpoint(address, true)),
    ...notReadyAddresses.map((address) => toEndpoint(address, false)),
  ];
  const shown = all.slice(0, MAX_PER_SUBSET);
  return (['IPv4', 'IPv6'] as const).flatMap((addressType) => {
    const ofFamily = shown.filter((endpoint) => endpoint.addresses[0]!.includes(':') === (addressType === 'IPv6'));
    const named = ports.map((port) => ({ ...port, name: port.name ?? '', protocol: port.protocol ?? 'TCP' }));
    return ofFamily.length > 0 ? [{ addressType, endpoints: ofFamily, ports: named }] : [];
  });
}

function toEndpoint({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname && { hostname }),
    ...(nodeName && { nodeName }),
    ...(targetRef && { targetRef }),
  };
}

async function apply(
  source: Stored<Endpoints> | undefined,
  wanted: readonly Content[],
  existing: readonly Stored<EndpointSlice>[],
  cache: Cache<EndpointSlice>,
  own: Hands,
): Promise<void> {
  const left = [...existing];
  const create: Content[] = [];
  for (const content of wanted) {
    const i = left.findIndex(
      (slice) =>
        slice.addressType === content.addressType && canonicalJson(slice.ports ?? []) === canonicalJson(content.ports),
    );
    if (i < 0) create.push(content);
    else await update(source!, left.splice(i, 1)[0]!, content, own);
  }
  const held = (name: string) => cache.get(`${source!.metadata.namespace}/${name}`) !== undefined;
  const names = source ? replicaNames(source.metadata, create.length, held) : [];
  for (const [i, content] of create.entries()) await createSlice(source!, names[i]!, content, own);
  for (const { metadata } of left) {
    const { namespace, name, uid } = metadata;
    try {
      await own.client.delete(endpointSlices, { namespace, name }, { uid });
    } catch (error) {
      if (!isReason(error, 'NotFound', 'Conflict')) throw error;
    }
  }
}

function labelsOf({ metadata }: Stored<Endpoints>): Record<string, string> {
  return { ...metadata.labels, [SERVICE_NAME]: metadata.name, [MANAGED_BY]: CONTROLLER };
}

function annotationsOf({ metadata }: Stored<Endpoints>): Record<string, string> {
  const { [LAST_APPLIED]: _applied, [TRIGGER_TIME]: _time, ...annotations } = metadata.annotations ?? {};
  return annotations;
}

async function update(
  source: Stored<Endpoints>,
  slice: Stored<EndpointSlice>,
  content: Content,
  own: Hands,
): Promise<void> {
  const metadata = { ...slice.metadata, labels: labelsOf(source), annotations: annotationsOf(source) };
  const next = { ...slice, metadata, endpoints: content.endpoints };
  const face = (s: Stored<EndpointSlice>) =>
    canonicalJson([s.metadata.labels, s.metadata.annotations ?? {}, s.endpoints ?? []]);
  if (face(next) !== face(slice)) await own.client.update(endpointSlices, next);
}

async function createSlice(source: Stored<Endpoints>, name: string, content: Content, own: Hands): Promise<void> {
  const owner = ownerReference({ apiVersion: 'v1', kind: 'Endpoints', object: source });
  const metadata = {
    name,
    generateName: `${source.metadata.name}-`,
    namespace: source.metadata.namespace,
    labels: labelsOf(source),
    annotations: annotationsOf(source),
    ownerReferences: [owner],
  };
  try {
    await own.client.create(endpointSlices, { ...content, metadata });
  } catch (error) {
    if (!isNamespaceTerminating(error)) throw error;
  }
}
