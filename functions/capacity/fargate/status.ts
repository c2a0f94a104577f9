import { statusPatch } from '../../../agent/status/status-patch.ts';
import type { Stored } from '../../../lib/api/object.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { Pod, PodStatus } from '../../../lib/api/types.ts';
import { pods } from '../../../lib/client/resource-type.ts';
import type { Tasks } from '../../../lib/cloud/tasks.ts';
import type { Hands } from '../../controllers/dependencies.ts';

export interface FargateHands extends Hands {
  tasks: Tasks;
  /** How often a task that runs is looked at. */
  runningMs?: number;
}

/** As the kubelet rejects a pod that it cannot take. */
export async function refuse(pod: Stored<Pod>, causes: string, own: Hands): Promise<undefined> {
  const message = `AWS Fargate cannot run this pod: ${causes}`;
  own.recorder.warning(pod, 'UnsupportedPodSpec', message);
  await writeStatus(pod, { ...pod.status, phase: 'Failed', reason: 'UnsupportedPodSpec', message }, own);
}

export async function writeStatus(
  pod: Stored<Pod>,
  status: PodStatus,
  { client }: Pick<Hands, 'client'>,
): Promise<void> {
  const body = statusPatch(pod, status);
  const { namespace, name } = pod.metadata;
  if (!body) return;
  await client
    .patch(pods, { namespace, name }, { type: 'strategic', body }, { subresource: 'status' })
    .catch(unlessGone);
}

/** The pod is gone, or another has its name: a key of its own tells of that. */
export function unlessGone(error: unknown): void {
  if (!isReason(error, 'NotFound', 'Conflict')) throw error;
}
