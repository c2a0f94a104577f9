import type { Pod } from '../../../lib/api/types.ts';

/** Which task runs the pod, `ATTEMPT ID`: so it is found again without a search, and by whoever looks for it on AWS. */
export const TASK_ANNOTATION = 'zeroplane.dev/fargate-task';

export interface RecordedTask {
  attempt: number;
  id: string;
}

export function recordedTask({ metadata }: Pick<Pod, 'metadata'>): RecordedTask | undefined {
  const [, attempt, id] = /^(\d+) (\S+)$/.exec(metadata?.annotations?.[TASK_ANNOTATION] ?? '') ?? [];
  return id ? { attempt: Number(attempt), id } : undefined;
}

export function recordOf({ attempt, id }: RecordedTask): Record<string, string> {
  return { [TASK_ANNOTATION]: `${attempt} ${id}` };
}
