import { isReason } from '../../lib/api/status.ts';
import type { PodCondition } from '../../lib/api/types.ts';
import type { Client } from '../../lib/client/client.ts';
import type { EventRecorder } from '../../lib/client/events.ts';
import { pods } from '../../lib/client/resource-type.ts';
import { type Clock, timestamp } from '../../lib/runtime/clock.ts';
import type { PodInfo } from './pod-info.ts';

export interface Writers {
  client: Client;
  recorder: EventRecorder;
  clock: Clock;
}

/** True: bound, or decided by someone else, as the cache will show. False: try again. */
export async function bind({ client, recorder }: Writers, { pod }: PodInfo, node: string): Promise<boolean> {
  const { namespace, name, uid } = pod.metadata;
  try {
    await client.createSubresource(pods, { namespace, name }, 'binding', {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { namespace, name, uid },
      target: { kind: 'Node', name: node },
    });
  } catch (error) {
    if (isReason(error, 'NotFound')) return true;
    if (isReason(error)) return false;
    throw error;
  }
  recorder.normal(pod, 'Scheduled', `Successfully assigned ${namespace}/${name} to ${node}`);
  return true;
}

/** validation.NoteLengthLimit of events. */
const MAX_NOTE = 1024;

/** `nominatedNodeName`: where preemption makes room; undefined: nowhere. */
export async function reportUnschedulable(
  writers: Writers,
  { pod }: PodInfo,
  message: string,
  nominatedNodeName: string | undefined,
): Promise<void> {
  const note = message.length <= MAX_NOTE ? message : `${message.slice(0, MAX_NOTE - 4)} ...`;
  writers.recorder.warning(pod, 'FailedScheduling', note);
  const old = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const nominated = pod.status?.nominatedNodeName === nominatedNodeName;
  if (nominated && old?.status === 'False' && old.reason === 'Unschedulable' && old.message === message) return;
  const condition: PodCondition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    observedGeneration: pod.metadata.generation,
    lastTransitionTime: old?.status === 'False' ? old.lastTransitionTime : timestamp(writers.clock),
  };
  const nomination = nominated ? {} : { nominatedNodeName: nominatedNodeName ?? null };
  await patchStatus(writers, pod.metadata, { ...nomination, conditions: [condition] });
}

/** Ends a pod for a more important one. The condition tells its owner why (KEP-3329). */
export async function preempt(writers: Writers, preemptor: PodInfo, { pod }: PodInfo, node: string): Promise<void> {
  const { namespace, name, uid } = pod.metadata;
  const condition: PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'PreemptionByScheduler',
    message: `${preemptor.spec.schedulerName ?? 'default-scheduler'}: preempting to accommodate a higher priority pod`,
    observedGeneration: pod.metadata.generation,
    lastTransitionTime: timestamp(writers.clock),
  };
  await patchStatus(writers, pod.metadata, { conditions: [condition] });
  try {
    await writers.client.delete(pods, { namespace, name }, { uid });
    writers.recorder.normal(pod, 'Preempted', `Preempted by pod ${preemptor.uid} on node ${node}`);
  } catch (error) {
    if (!isReason(error, 'NotFound', 'Conflict')) throw error;
  }
}

export async function patchStatus(
  { client }: Writers,
  { namespace, name, uid }: { namespace?: string | undefined; name: string; uid: string },
  status: object,
): Promise<void> {
  try {
    const body = { metadata: { uid }, status };
    await client.patch(pods, { namespace, name }, { type: 'strategic', body }, { subresource: 'status' });
  } catch (error) {
    // Gone, or replaced by another pod of its name: nothing to tell.
    if (!isReason(error, 'NotFound', 'Conflict')) throw error;
  }
}
