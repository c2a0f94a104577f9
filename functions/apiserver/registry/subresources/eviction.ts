import type { KubeObject } from '../../../../lib/api/object.ts';
import { badRequest, isReason, StatusError } from '../../../../lib/api/status.ts';
import type { PodCondition } from '../../../../lib/api/types.ts';
import { timestamp } from '../../../../lib/runtime/clock.ts';
import { attributes, mutate, validate } from '../admit.ts';
import type { Answer, Call, Verb } from '../call.ts';
import { deleteItem } from '../delete.ts';
import { checked, type DeleteOptions } from '../delete-options.ts';
import { getItem } from '../get.ts';
import { matchNamespace, withMeta } from '../metadata.ts';
import { writeOptions } from '../options.ts';
import { readObject } from '../read-object.ts';
import { rewrite } from '../rewrite.ts';
import { decodeStored } from '../stored.ts';
import { budgetsOf, ignoresUnready, stillProcessing, takeDisruption } from './disruption-budget.ts';

const EVICTION = { group: 'policy', version: 'v1', kind: 'Eviction' };
const MAX_ATTEMPTS = 20;

/** POST pods/NAME/eviction: a deletion that asks the pod's disruption budget. Source: pkg/registry/core/pod/storage/eviction.go. */
async function createEviction(call: Call): Promise<Answer> {
  const { dryRun, ...options } = writeOptions(call, 'CreateOptions');
  const object = withMeta(await readObject(call, options, EVICTION));
  matchNamespace(call, object.metadata);
  if (object.metadata.name !== call.info.name) {
    throw badRequest('name in URL does not match name in Eviction object');
  }
  const given = attributes(call, { operation: 'CREATE', object, dryRun });
  await mutate(call, given);
  await validate(call, given);
  const deletion = checked(object['deleteOptions'] ?? {});
  await evict(call, { ...deletion, dryRun: dryRun || deletion.dryRun });
  return { status: 201, object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } };
}

async function evict(call: Call, options: DeleteOptions): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const pod = decodeStored((await getItem(call)).value);
    const guarded = await askBudgets(call, pod, options);
    // A pod that was seen in a state that needs no budget must still be in it.
    const exact = guarded.pinned && options.resourceVersion === undefined;
    const pinned = exact ? { ...options, resourceVersion: pod.metadata.resourceVersion } : options;
    try {
      return await markAndDelete(call, pinned);
    } catch (error) {
      if (!exact || !isReason(error, 'Conflict')) throw error;
      if (guarded.budget) throw stillProcessing(guarded.budget);
      if (attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

interface Guard {
  /** The deletion holds only for the pod as it was read. */
  pinned: boolean;
  budget?: string;
}

async function askBudgets(call: Call, pod: KubeObject, options: DeleteOptions): Promise<Guard> {
  if (isOver(pod)) return { pinned: false };
  if (pod['status']?.phase === 'Pending') return { pinned: true };
  const [budget, ...more] = await budgetsOf(call.server, pod);
  if (!budget) return { pinned: false };
  if (more.length > 0) {
    const message = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    throw new StatusError(500, '', message);
  }
  const name = budget.metadata?.name ?? '';
  if (!isReady(pod) && ignoresUnready(budget)) return { pinned: true, budget: name };
  await takeDisruption(call.server, budget, call.info.name, options.dryRun);
  return { pinned: false };
}

function isOver({ metadata, status }: KubeObject & { status?: any }): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed' || metadata?.deletionTimestamp !== undefined;
}

function isReady({ status }: KubeObject & { status?: any }): boolean {
  return status?.conditions?.some(({ type, status: value }: PodCondition) => type === 'Ready' && value === 'True');
}

async function markAndDelete(call: Call, options: DeleteOptions): Promise<void> {
  if (!options.dryRun) await markDisrupted(call, options);
  // The mark moved the resourceVersion; the uid still says which pod is meant.
  await deleteItem(call, await getItem(call), { ...options, resourceVersion: undefined });
}

async function markDisrupted(call: Call, options: DeleteOptions): Promise<void> {
  const { server, type, info } = call;
  const now = timestamp(server.clock);
  await rewrite(server, type, info, false, (pod) => {
    checkVersion(pod.metadata, options);
    pod['status'] ??= {};
    pod['status'].conditions = disrupted(pod['status'].conditions ?? [], now);
  });
}

function checkVersion(metadata: NonNullable<KubeObject['metadata']>, { uid, resourceVersion }: DeleteOptions): void {
  if (uid !== undefined && uid !== metadata.uid) throw moved('UID', uid, metadata.uid, metadata.name);
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw moved('ResourceVersion', resourceVersion, metadata.resourceVersion, metadata.name);
  }
}

function moved(what: string, wanted: string, actual: string | undefined, name: string | undefined): StatusError {
  const how = what === 'UID' ? 'deleted and then recreated' : 'modified';
  const why = `the ${what} in the precondition (${wanted}) does not match the ${what} in record (${actual}). The object might have been ${how}`;
  const message = `Operation cannot be fulfilled on Pod "${name}": ${why}`;
  return new StatusError(409, 'Conflict', message, { ...(name ? { name } : {}), kind: 'Pod' });
}

function disrupted(conditions: readonly PodCondition[], now: string): PodCondition[] {
  const condition: PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    lastTransitionTime: now,
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  };
  return [...conditions.filter(({ type }) => type !== 'DisruptionTarget'), condition];
}

export const eviction: Readonly<Record<string, Verb>> = { create: createEviction };
