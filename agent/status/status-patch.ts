import { isDeepStrictEqual } from 'node:util';
import type { Pod, PodStatus } from '../../lib/api/types.ts';
import { isAgentCondition } from './conditions.ts';

/** The fields of a pod's status that the agent writes. */
const FIELDS = [
  'phase',
  'reason',
  'message',
  'hostIP',
  'hostIPs',
  'podIP',
  'podIPs',
  'startTime',
  'qosClass',
  'observedGeneration',
  'initContainerStatuses',
  'containerStatuses',
  'ephemeralContainerStatuses',
] as const;

/** The strategic merge patch from what the API has to what it should have; undefined: they agree. It names the uid, so that it fits no other pod. */
export function statusPatch(pod: Pod, wanted: PodStatus): object | undefined {
  const has: Record<string, any> = pod.status ?? {};
  const changes: Record<string, any> = {};
  for (const field of FIELDS) {
    const value = plain(wanted[field]);
    if (isDeepStrictEqual(plain(has[field]), value)) continue;
    changes[field] = value === undefined ? null : has[field]?.length ? replaced(field, value) : value;
  }
  const conditions = changedConditions(pod, wanted);
  if (conditions.length > 0) changes['conditions'] = conditions;
  if (Object.keys(changes).length === 0) return undefined;
  return { metadata: { uid: pod.metadata?.uid }, status: changes };
}

/** These lists merge by a key; an address that is gone must go. */
function replaced(field: string, value: any): any {
  return field === 'podIPs' || field === 'hostIPs' ? [{ $patch: 'replace' }, ...value] : value;
}

/** All of ours if one changed. */
function changedConditions(pod: Pod, wanted: PodStatus): unknown[] {
  const before = new Map(pod.status?.conditions?.map((condition) => [condition.type, condition]));
  const conditions = (wanted.conditions ?? []).filter(isAgentCondition);
  const gone = [...before.values()]
    .filter((old) => isAgentCondition(old) && !conditions.some((one) => one.type === old.type))
    .map(({ type }) => type);
  const same = conditions.every((one) => isDeepStrictEqual(essence(before.get(one.type)), essence(one)));
  if (same && gone.length === 0) return [];
  const removals = gone.map((type) => ({ $patch: 'delete', type }));
  return removals.concat(
    conditions.map((condition) => {
      const old = before.get(condition.type);
      // A merge keeps what is not named: what no longer holds must be named.
      return { ...(old?.reason && { reason: null }), ...(old?.message && { message: null }), ...condition };
    }) as never,
  );
}

/** `lastProbeTime: null` may or may not be sent back. */
function essence(condition: object | undefined): object | undefined {
  if (!condition) return undefined;
  return Object.fromEntries(Object.entries(condition).filter(([, value]) => value !== undefined && value !== null));
}

/** As it would come back in JSON: without undefined and empty objects' differences. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
