import type { KubeObject, Stored } from '../../../lib/api/object.ts';
import { evaluatorOf } from '../../../lib/api/quota/evaluator.ts';
import { builtinResources } from '../../../lib/api/resources.ts';
import { isReason } from '../../../lib/api/status.ts';
import { timeMs } from '../../../lib/api/time.ts';
import type { Pod, ResourceQuota } from '../../../lib/api/types.ts';
import type { Client } from '../../../lib/client/client.ts';
import type { Cache, Controller } from '../../../lib/client/controller.ts';
import {
  metadataOf,
  persistentVolumeClaims,
  pods,
  type ResourceType,
  resourceQuotas,
  resourceType,
  services,
} from '../../../lib/client/resource-type.ts';
import type { ControllerDependencies } from '../dependencies.ts';
import { type Counted, quotaStatus, sameQuantities } from './usage.ts';

/** Kinds counted by more than their number. */
const MEASURED: readonly ResourceType<any>[] = [pods, services, persistentVolumeClaims];
/** A charge whose create then failed is taken back after this: kube-controller-manager's resync period. */
const RESYNC_MS = 5 * 60_000;
const END_SLACK_MS = 10_000;

/** Keeps what quotas say is used. Source: k8s.io/kubernetes/pkg/controller/resourcequota. */
export function createResourceQuotaController({ caches, clientFor, clock }: ControllerDependencies): Controller {
  const quotas = caches.cache(resourceQuotas);
  const client = clientFor('resourcequota-controller');
  const types = countedTypes();
  const cached = new Map<ResourceType<any>, Cache<any>>(types.map((type) => [type, caches.cache(type)]));

  /** The kinds that a quota counts. */
  const typesOf = (quota: ResourceQuota) =>
    types.filter((type) => Object.keys(quota.spec?.hard ?? {}).some((name) => evaluatorOf(type).tracks(name)));

  function keys(type: ResourceType<any>, object: Stored<any> | undefined, previous: Stored<any> | undefined): string[] {
    // What comes new was charged by admission, before it was stored: a count made between the two would take the charge back.
    if (!previous || (object && !changesUsage(type, object, previous))) return [];
    const { namespace } = previous.metadata;
    const affected = quotas.list(namespace).filter((quota) => typesOf(quota as ResourceQuota).includes(type));
    return affected.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  }

  return {
    name: 'resourcequota',
    watches: [
      { type: resourceQuotas, keys: (quota) => (quota && !isCounted(quota) ? [keyOf(quota)] : []) },
      { type: resourceQuotas, keys: (quota) => (quota ? [keyOf(quota)] : []), delayMs: RESYNC_MS },
      ...types.map((type) => ({ type, keys: (object: any, previous: any) => keys(type, object, previous) })),
    ],
    async reconcile(key) {
      const quota = quotas.get(key) as Stored<ResourceQuota> | undefined;
      if (!quota || quota.metadata.deletionTimestamp) return undefined;
      const counted = typesOf(quota as ResourceQuota).map((type) => ({
        ...type,
        objects: cached.get(type)!.list(quota.metadata.namespace),
      }));
      const status = quotaStatus(quota as ResourceQuota, counted, clock.now());
      if (!isCurrent(quota, status)) await correct(quota, typesOf(quota as ResourceQuota), client, clock.now());
      // Pods past their grace period stop counting without any event.
      const endMs = nextEndMs(cached.get(pods)!.list(quota.metadata.namespace), clock.now());
      return endMs === undefined ? undefined : { requeueAfterMs: endMs - clock.now(), slackMs: END_SLACK_MS };
    },
  };
}

/** When the next terminating pod is past its time. */
function nextEndMs(all: readonly Stored<Pod>[], now: number): number | undefined {
  const ends = all.flatMap(({ metadata: { deletionTimestamp, deletionGracePeriodSeconds = 0 } }) =>
    deletionTimestamp ? [timeMs(deletionTimestamp) + deletionGracePeriodSeconds * 1000 + 1] : [],
  );
  const next = Math.min(...ends.filter((end) => end > now), Infinity);
  return Number.isFinite(next) ? next : undefined;
}

function keyOf({ metadata }: Stored<ResourceQuota>): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** Source: resource_quota_controller.go: charges to a quota are no reason to count anew. */
function isCounted({ spec, status }: Stored<ResourceQuota>): boolean {
  return status?.used !== undefined && sameQuantities(spec?.hard, status.hard);
}

function isCurrent({ status }: Stored<ResourceQuota>, wanted: { hard?: any; used?: any }): boolean {
  return (
    status?.used !== undefined && sameQuantities(status.hard, wanted.hard) && sameQuantities(status.used, wanted.used)
  );
}

/**
 * The cache may lag behind a charge that admission just wrote: so the quota is read first and everything it counts after it,
 * live, and the write holds only while the quota is as it was read.
 */
async function correct(
  { metadata }: Stored<ResourceQuota>,
  types: readonly ResourceType<any>[],
  client: Client,
  nowMs: number,
): Promise<void> {
  const { namespace, name } = metadata as { namespace: string; name: string };
  try {
    // The controller's role may list, not get.
    const { items } = await client.list(resourceQuotas, { namespace, fieldSelector: `metadata.name=${name}` });
    const [quota] = items;
    if (!quota) return;
    const counted = await Promise.all(
      types.map(
        async (type): Promise<Counted> => ({ ...type, objects: (await client.list(type, { namespace })).items }),
      ),
    );
    const status = quotaStatus(quota as ResourceQuota, counted, nowMs);
    if (isCurrent(quota, status)) return;
    await client.update(resourceQuotas, { ...quota, status } as ResourceQuota, { subresource: 'status' });
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error;
  }
}

/** Everything namespaced that can be watched, by its metadata unless more of it counts. */
function countedTypes(): ResourceType<any>[] {
  const counted = builtinResources.filter(
    ({ namespaced, verbs, resource }) => namespaced && verbs.includes('watch') && resource !== 'events',
  );
  const plain = counted.filter(({ group, resource }) => !isMeasured(group, resource));
  return [
    ...MEASURED,
    ...plain.map((info) =>
      metadataOf(resourceType<KubeObject>(info.group, info.version, info.resource, info.kind, info.namespaced)),
    ),
  ];
}

function isMeasured(group: string, resource: string): boolean {
  return MEASURED.some((type) => type.group === group && type.resource === resource);
}

/** Of a change to an object that stays. Most changes are of status, which no quota looks at. */
function changesUsage(type: ResourceType<any>, object: Stored<any>, previous: Stored<any>): boolean {
  if (type === pods) return podState(object) !== podState(previous);
  return MEASURED.includes(type) && JSON.stringify(object.spec) !== JSON.stringify(previous.spec);
}

function podState({ metadata, spec, status }: Stored<Pod>): string {
  return [metadata.deletionTimestamp, metadata.generation, spec?.activeDeadlineSeconds, status?.phase].join(' ');
}
