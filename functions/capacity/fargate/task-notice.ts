import { isReason } from '../../../lib/api/status.ts';
import type { Client } from '../../../lib/client/client.ts';
import { pods } from '../../../lib/client/resource-type.ts';
import { NODE_NAME } from './virtual-node.ts';

/** What EventBridge tells of a task. Source: "Amazon ECS task state change events". */
export interface TaskNotice {
  source: 'aws.ecs';
  detail: { taskArn: string; startedBy: string; lastStatus: string; version: number };
}

export function isTaskNotice(event: unknown): event is TaskNotice {
  const notice = event as Partial<TaskNotice> | null;
  return notice?.source === 'aws.ecs' && typeof notice.detail?.startedBy === 'string';
}

/** What ECS said last of the pod's task. Written, it wakes whoever reconciles the pod, who asks ECS itself. */
export const STATE_ANNOTATION = 'zeroplane.dev/fargate-task-state';

/** A task of a pod has changed: its pod comes due. Late or repeated notices do no harm. */
export async function heedTask({ detail }: TaskNotice, client: Client): Promise<void> {
  const { items } = await client.list(pods, { fieldSelector: `spec.nodeName=${NODE_NAME}` });
  const pod = items.find(({ metadata }) => metadata.uid === detail.startedBy);
  if (!pod) return;
  const { namespace, name, uid } = pod.metadata;
  const annotations = { [STATE_ANNOTATION]: `${detail.lastStatus} ${detail.version}` };
  try {
    await client.patch(pods, { namespace, name }, { type: 'merge', body: { metadata: { uid, annotations } } });
  } catch (error) {
    if (!isReason(error, 'NotFound', 'Conflict')) throw error;
  }
}
