import type { Container, Task as EcsTask, Tag } from '@aws-sdk/client-ecs';
import type { RunContainer, Task, TaskOwner, TaskState } from '../tasks.ts';

const GROUP = 'zeroplane.dev';

/** Tags say whose a task is: whoever finds it needs nothing else. */
export function tagsOf(cluster: string, owner: TaskOwner): Tag[] {
  const { uid, namespace, name, attempt, restarts, failures } = owner;
  const values = { cluster, uid, namespace, pod: name, attempt, restarts, failures };
  return Object.entries(values).map(([key, value]) => ({ key: `${GROUP}/${key}`, value: String(value) }));
}

function ownerOf(tags: readonly Tag[] = []): TaskOwner | undefined {
  const values = new Map(tags.map(({ key, value }) => [key, value]));
  const text = (name: string) => values.get(`${GROUP}/${name}`) ?? '';
  const number = (name: string) => Number(text(name) || 0);
  if (!text('uid')) return undefined;
  return {
    uid: text('uid'),
    namespace: text('namespace'),
    name: text('pod'),
    attempt: number('attempt'),
    restarts: number('restarts'),
    failures: number('failures'),
  };
}

const STATES: Readonly<Record<string, TaskState>> = {
  DEACTIVATING: 'stopping',
  STOPPING: 'stopping',
  DEPROVISIONING: 'stopping',
  RUNNING: 'running',
  STOPPED: 'stopped',
  DELETED: 'stopped',
};

/** As ECS describes it with its tags; undefined: it is nobody's of ours. Source: "Amazon ECS task lifecycle". */
export function taskOf(task: EcsTask): Task | undefined {
  const owner = ownerOf(task.tags);
  if (!owner || !task.taskArn) return undefined;
  const state = stateOf(task);
  const containers = (task.containers ?? []).map(containerOf);
  const ended = task.executionStoppedAt ?? task.stoppedAt;
  return {
    id: task.taskArn.split('/').at(-1)!,
    owner,
    state,
    ips: addressesOf(task),
    createdAtMs: task.createdAt?.getTime() ?? 0,
    ...(task.startedAt && { startedAtMs: task.startedAt.getTime() }),
    ...(ended && { stoppedAtMs: ended.getTime() }),
    failedToStart: state === 'stopped' && !task.startedAt && containers.every(({ exitCode }) => exitCode === undefined),
    stoppedReason: task.stoppedReason ?? '',
    containers,
  };
}

function stateOf({ lastStatus = '', desiredStatus }: EcsTask): TaskState {
  const state = STATES[lastStatus] ?? 'starting';
  return desiredStatus === 'STOPPED' && state !== 'stopped' ? 'stopping' : state;
}

function containerOf({ lastStatus, exitCode, ...container }: Container): RunContainer {
  const { name = '', runtimeId, image = '', imageDigest = '', reason = '', healthStatus } = container;
  return {
    name,
    id: runtimeId ?? name,
    image,
    imageDigest,
    state: lastStatus === 'RUNNING' ? 'running' : lastStatus === 'STOPPED' ? 'stopped' : 'waiting',
    ...(exitCode !== undefined && { exitCode }),
    reason,
    health: healthStatus === 'HEALTHY' ? 'healthy' : healthStatus === 'UNHEALTHY' ? 'unhealthy' : 'unknown',
  };
}

/** Source: "Fargate task networking": the task's interface is an attachment. */
function addressesOf({ attachments = [] }: EcsTask): string[] {
  const details = attachments
    .filter(({ type }) => type === 'ElasticNetworkInterface' || type === 'eni')
    .flatMap(({ details = [] }) => details);
  return details
    .filter(({ name }) => name === 'privateIPv4Address' || name === 'privateIPv6Address' || name === 'ipv6Address')
    .flatMap(({ value }) => value ?? []);
}
