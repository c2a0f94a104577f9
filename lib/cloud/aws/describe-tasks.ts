import { DescribeTasksCommand, type ECSClient } from '@aws-sdk/client-ecs';
import type { Task } from '../tasks.ts';
import { taskOf } from './fargate-task.ts';

/** Source: DescribeTasks of the ECS API reference. */
const MAX_DESCRIBED = 100;

/** Those of these tasks that ECS knows: it forgets one about an hour after its end. */
export async function describeTasks(ecs: ECSClient, cluster: string, ids: readonly string[]): Promise<readonly Task[]> {
  const found: Task[] = [];
  for (let from = 0; from < ids.length; from += MAX_DESCRIBED) {
    const tasks = ids.slice(from, from + MAX_DESCRIBED);
    const answer = await ecs.send(new DescribeTasksCommand({ cluster, tasks, include: ['TAGS'] }));
    found.push(...(answer.tasks ?? []).map(taskOf).filter((task) => task !== undefined));
  }
  return found;
}
