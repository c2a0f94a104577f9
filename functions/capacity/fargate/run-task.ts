import { StartError } from '../../../agent/pods/start-error.ts';
import type { Stored } from '../../../lib/api/object.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { Pod } from '../../../lib/api/types.ts';
import type { Client } from '../../../lib/client/client.ts';
import type { Result } from '../../../lib/client/controller.ts';
import { configMaps, pods, secrets } from '../../../lib/client/resource-type.ts';
import { CAPACITY_TYPE, NoCapacity } from '../../../lib/cloud/instances.ts';
import { RefusedTask, type Task } from '../../../lib/cloud/tasks.ts';
import { type Next, STARTING_MS, statusOf, stillWaiting } from './plan.ts';
import { recordOf } from './recorded-task.ts';
import { type FargateHands, refuse, writeStatus } from './status.ts';
import { type EnvContent, taskSpec } from './task-spec.ts';

const AGAIN: Result = { requeueAfterMs: STARTING_MS };
/** When there is no room now there is hardly any in ten seconds. */
const NO_CAPACITY: Result = { requeueAfterMs: 30_000 };

/** Runs the next task of the pod: of the pod as it is, not as it was seen; one that is being deleted gets none. */
export async function runTask(seen: Stored<Pod>, next: Next, own: FargateHands): Promise<Result | undefined> {
  const pod = await current(seen, own.client);
  if (!pod || pod.metadata.deletionTimestamp) return AGAIN;
  try {
    const task = await own.tasks.run({
      owner: { uid: pod.metadata.uid, namespace: pod.metadata.namespace!, name: pod.metadata.name, ...next },
      spec: await taskSpec(pod, contentOf(own.client)),
      capacityType: pod.metadata.annotations?.[CAPACITY_TYPE] === 'spot' ? 'spot' : 'on-demand',
    });
    return await record(pod, task, own);
  } catch (error) {
    return failed(pod, error, own);
  }
}

async function record(pod: Stored<Pod>, task: Task, own: FargateHands): Promise<Result> {
  try {
    const written = await writeRecord(pod, task, own);
    own.recorder.normal(pod, 'TaskStarted', `Task ${task.id} runs this pod`);
    await writeStatus(written, statusOf(written, task, own.clock.now(), { waiting: stillWaiting(written) }), own);
  } catch (error) {
    if (!isReason(error, 'NotFound', 'Conflict')) throw error;
    // The pod was removed while its task began.
    if (!(await current(pod, own.client))) await own.tasks.stop(task.id, 'its pod is gone');
  }
  return AGAIN;
}

/** The task is found again by what is written on its pod. */
export function writeRecord(pod: Stored<Pod>, { id, owner }: Task, { client }: FargateHands): Promise<Stored<Pod>> {
  const { namespace, name, uid } = pod.metadata;
  const metadata = { uid, annotations: recordOf({ attempt: owner.attempt, id }) };
  return client.patch(pods, { namespace, name }, { type: 'merge', body: { metadata } });
}

async function failed(pod: Stored<Pod>, error: unknown, own: FargateHands): Promise<Result | undefined> {
  if (error instanceof RefusedTask) return refuse(pod, error.message, own);
  const nowMs = own.clock.now();
  if (error instanceof StartError) {
    const { reason, message } = error;
    own.recorder.warning(pod, 'Failed', `Error: ${message}`);
    await writeStatus(pod, statusOf(pod, undefined, nowMs, { waiting: () => ({ reason, message }) }), own);
    return AGAIN;
  }
  if (!(error instanceof NoCapacity)) throw error;
  own.recorder.warning(pod, 'FailedScaleUp', `AWS Fargate has no room now: ${error.message}`);
  return NO_CAPACITY;
}

async function current({ metadata }: Stored<Pod>, client: Client): Promise<Stored<Pod> | undefined> {
  try {
    const found = await client.get(pods, { namespace: metadata.namespace, name: metadata.name });
    return found.metadata.uid === metadata.uid ? found : undefined;
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error;
    return undefined;
  }
}

function contentOf(client: Client): EnvContent {
  return {
    configMap: (namespace, name) => client.get(configMaps, { namespace, name }).catch(absent),
    secret: (namespace, name) => client.get(secrets, { namespace, name }).catch(absent),
  };
}

function absent(error: unknown): undefined {
  if (!isReason(error, 'NotFound')) throw error;
}
