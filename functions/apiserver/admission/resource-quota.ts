import { applies, type Evaluator, evaluatorOf } from '../../../lib/api/quota/evaluator.ts';
import {
  addTo,
  describeQuantities,
  mask,
  type Quantities,
  quantities,
  toResourceList,
} from '../../../lib/api/resource-list.ts';
import { conflict, OBJECT_MODIFIED } from '../../../lib/api/status.ts';
import type { ResourceQuota } from '../../../lib/api/types.ts';
import type { Clock } from '../../../lib/runtime/clock.ts';
import { type Store, StoreError, type Write } from '../../../lib/storage/contract.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../contract.ts';
import { encodeObject } from '../encode.ts';
import { type Reader, storageKey } from '../reader.ts';
import { refusal } from './request.ts';

const QUOTAS = { group: '', resource: 'resourcequotas' };
/** Writes of one namespace that charge the same quota at once. */
const MAX_ATTEMPTS = 20;

/**
 * Charges a request to the namespace's quotas, or refuses it. The charge is written before the object: what never comes to be
 * is given back by the resourcequota controller. Source: k8s.io/apiserver/pkg/admission/plugin/resourcequota
 */
export function resourceQuota(reader: Reader, store: Store, clock: Clock): AdmissionPlugin {
  return {
    name: 'ResourceQuota',
    async validate(attributes) {
      const { info, operation } = attributes;
      if (!info.namespace || (operation !== 'CREATE' && operation !== 'UPDATE') || !isCounted(attributes)) return;
      const evaluator = evaluatorOf(info);
      for (let attempt = 1; ; attempt++) {
        const quotas = await reader.list<ResourceQuota>(QUOTAS.resource, info.namespace);
        if (quotas.length === 0) return;
        const writes = quotas.flatMap((quota) => charge(attributes, quota as ResourceQuota, evaluator, clock.now()));
        if (writes.length === 0 || attributes.dryRun) return;
        if (await written(store, writes)) return;
        if (attempt === MAX_ATTEMPTS) throw conflict(QUOTAS, '', OBJECT_MODIFIED);
      }
    },
  };
}

/** Which requests change what is used. Events are free. */
function isCounted({ info, operation, object, oldObject }: AdmissionAttributes): boolean {
  const { group, resource, subresource } = info;
  if (resource === 'events' || resource.endsWith('accessreviews')) return false;
  if (group !== '') return operation === 'CREATE' && !subresource;
  if (resource === 'pods' && operation === 'UPDATE') {
    const isTerminating = (pod: any) => pod.spec?.activeDeadlineSeconds !== undefined;
    return subresource === 'resize' || (!subresource && isTerminating(object) !== isTerminating(oldObject));
  }
  if (subresource) return false;
  return operation === 'CREATE' || resource === 'services' || resource === 'persistentvolumeclaims';
}

/** The quota's new usage as a write; nothing where it does not change. Throws when the quota does not allow it. */
function charge(attributes: AdmissionAttributes, quota: ResourceQuota, evaluator: Evaluator, now: number): Write[] {
  if (!applies(evaluator, quota, attributes.object)) return [];
  const hard = quantities(quota.status?.hard);
  const used = quantities(quota.status?.used);
  const tracked = [...hard.keys()].filter((name) => evaluator.tracks(name));
  const { name } = quota.metadata!;
  const fault = evaluator.fault?.(tracked, attributes.object);
  if (fault) throw refusal(attributes, `failed quota: ${name}: ${fault}`);
  if (!tracked.every((resource) => used.has(resource)))
    throw refusal(attributes, `status unknown for quota: ${name}, resources: ${tracked.sort().join(',')}`);
  const delta = mask(deltaOf(attributes, quota, evaluator, now), (resource) => hard.has(resource));
  if (delta.size === 0) return [];
  const usage = addTo(new Map(used), delta);
  const exceeded = [...delta.keys()].filter((resource) => usage.get(resource)!.compare(hard.get(resource)!) > 0);
  if (exceeded.length) throw refusal(attributes, excess(name!, exceeded, { delta, used, hard }));
  return [statusWrite(quota, usage)];
}

/** What the request adds; a change is charged by the difference, and never gives back. */
function deltaOf(attributes: AdmissionAttributes, quota: ResourceQuota, evaluator: Evaluator, now: number): Quantities {
  const { object, oldObject } = attributes;
  const usage = evaluator.usage(object, now);
  if (oldObject && applies(evaluator, quota, oldObject))
    for (const [name, before] of evaluator.usage(oldObject, now)) {
      const quantity = usage.get(name);
      if (quantity) usage.set(name, quantity.sub(before));
    }
  for (const [name, quantity] of usage) if (quantity.sign() <= 0) usage.delete(name);
  return usage;
}

function excess(
  name: string,
  exceeded: readonly string[],
  { delta, used, hard }: Record<'delta' | 'used' | 'hard', Quantities>,
): string {
  const only = (from: Quantities) => describeQuantities(mask(from, (resource) => exceeded.includes(resource)));
  return `exceeded quota: ${name}, requested: ${only(delta)}, used: ${only(used)}, limited: ${only(hard)}`;
}

function statusWrite(quota: ResourceQuota, usage: Quantities): Write {
  const { namespace, name, resourceVersion } = quota.metadata!;
  const changed = { ...quota, status: { ...quota.status, used: toResourceList(usage) } };
  return {
    op: 'update',
    key: storageKey(QUOTAS.resource, name!, namespace),
    revision: Number(resourceVersion),
    value: (revision) => encodeObject(changed, revision),
  };
}

/** False: another request charged a quota meanwhile. */
async function written(store: Store, writes: Write[]): Promise<boolean> {
  try {
    await store.commit(writes);
    return true;
  } catch (error) {
    if (error instanceof StoreError && (error.reason === 'Conflict' || error.reason === 'NotFound')) return false;
    throw error;
  }
}
