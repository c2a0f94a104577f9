import type { Stored } from '../../../lib/api/object.ts';
import type { Pod } from '../../../lib/api/types.ts';
import type { Result } from '../../../lib/client/controller.ts';
import { pods } from '../../../lib/client/resource-type.ts';
import type { Task, Tasks } from '../../../lib/cloud/tasks.ts';
import type { Hands } from '../../controllers/dependencies.ts';
import { isFinished } from '../../controllers/pod-state.ts';
import { planTask, type TaskPlan } from './plan.ts';
import { recordedTask } from './recorded-task.ts';
import { refusals } from './refusals.ts';
import { runTask, writeRecord } from './run-task.ts';
import { type FargateHands, refuse, unlessGone, writeStatus } from './status.ts';

/** One look at a pod of the virtual node, and what follows from it. */
export async function reconcilePod(pod: Stored<Pod>, own: FargateHands): Promise<Result | undefined> {
  if (isFinished(pod) && !pod.metadata.deletionTimestamp && !anyRuns(pod)) return undefined;
  const recorded = recordedTask(pod);
  const causes = recorded ? [] : refusals(pod);
  if (causes.length > 0 && !pod.metadata.deletionTimestamp) return refuse(pod, causes.join('; '), own);
  const tasks = await tasksOf(pod, own.tasks);
  const plan = planTask({
    pod,
    tasks,
    recorded: recorded?.attempt,
    nowMs: own.clock.now(),
    ...(own.runningMs && { runningMs: own.runningMs }),
  });
  for (const { id, reason } of plan.stop) {
    own.recorder.normal(pod, 'Killing', `Stopping task ${id}: ${reason}`);
    await own.tasks.stop(id, reason);
  }
  // How the task before ended is told before it is forgotten.
  if (plan.run?.attempt !== 0) await writeStatus(pod, plan.status, own);
  // Its start got no answer, or we ended before it was written down.
  if (!recorded && tasks[0] && !plan.run && !plan.remove) await writeRecord(pod, tasks[0], own);
  if (plan.run) return runTask(pod, plan.run, own);
  return finish(pod, plan, own);
}

async function finish(pod: Stored<Pod>, { remove, afterMs }: TaskPlan, { client }: Hands): Promise<Result | undefined> {
  if (!remove)
    return afterMs === undefined ? undefined : { requeueAfterMs: Math.max(0, afterMs), slackMs: afterMs / 4 };
  const { namespace, name, uid } = pod.metadata;
  await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, uid }).catch(unlessGone);
  return undefined;
}

/** The task that is recorded; all that are known when there is none, or it is forgotten, or none may be left behind. */
async function tasksOf(pod: Stored<Pod>, tasks: Tasks): Promise<readonly Task[]> {
  const recorded = recordedTask(pod);
  const found = recorded ? await tasks.describe([recorded.id]) : [];
  if (found.length > 0 && !pod.metadata.deletionTimestamp) return found;
  const ids = new Set(found.map(({ id }) => id));
  return [...found, ...(await tasks.ofPod(pod.metadata.uid)).filter(({ id }) => !ids.has(id))];
}

function anyRuns({ status }: Pod): boolean {
  return status?.containerStatuses?.some(({ state }) => state?.running) ?? false;
}
