import type { RuntimeContainer, RuntimePod } from '../../../agent/pods/runtime-pod.ts';
import type { AgentView } from '../../../agent/status/container-statuses.ts';
import { timeMs } from '../../../lib/api/time.ts';
import type { Container, Pod } from '../../../lib/api/types.ts';
import type { RunContainer, Task } from '../../../lib/cloud/tasks.ts';

/** Its scheme is containerd's: Fargate's platform 1.4.0 runs containers with it. */
const RUNTIME_SCHEME = 'containerd://';
/** SIGKILL. Of a container whose end nobody saw. */
const KILLED = 137;
const OUT_OF_MEMORY = /OutOfMemory/i;

/** A task as what a container runtime has of the pod, so that the agent's own rules make its status. */
export function runtimePod(pod: Pod, task: Task, nowMs: number): RuntimePod {
  const { uid, namespace, name, attempt } = task.owner;
  const gone = task.state === 'stopped';
  return {
    uid,
    namespace,
    name,
    sandboxes: [
      {
        id: task.id,
        metadata: { uid, namespace, name, attempt },
        state: gone ? 'NOTREADY' : 'READY',
        createdAtMs: task.createdAtMs,
        ips: [...task.ips],
        labels: {},
        annotations: {},
      },
    ],
    containers: task.containers.flatMap((container) => {
      const known = runtimeContainer(pod, task, container, nowMs);
      return known ? [known] : [];
    }),
  };
}

/** Undefined: it has not run yet, or never will. */
function runtimeContainer(pod: Pod, task: Task, container: RunContainer, nowMs: number): RuntimeContainer | undefined {
  const ended = container.state === 'stopped' || task.state === 'stopped';
  const exitCode = exitCodeOf(container, task);
  if (container.state === 'waiting' && !ended) return undefined;
  if (ended && exitCode === undefined) return undefined;
  const { name, id, image, imageDigest } = container;
  return {
    id,
    name,
    metadata: { name, attempt: task.owner.restarts },
    restartCount: task.owner.restarts,
    state: ended ? 'EXITED' : 'RUNNING',
    createdAtMs: task.createdAtMs,
    startedAtMs: task.startedAtMs ?? task.createdAtMs,
    finishedAtMs: ended ? finishedAtMs(pod, task, container, nowMs) : 0,
    exitCode: exitCode ?? 0,
    image,
    imageRef: imageDigest ? `${image.replace(/[:@][^/]*$/, '')}@${imageDigest}` : '',
    reason: ended ? reasonOf(container, exitCode ?? 0) : '',
    message: ended && exitCode !== 0 ? container.reason : '',
    labels: {},
    annotations: {},
    mounts: [],
    logPath: '',
  };
}

/** What of a task that ran is lost was killed with it. */
function exitCodeOf({ exitCode, state }: RunContainer, task: Task): number | undefined {
  if (exitCode !== undefined) return exitCode;
  const ran = state === 'running' || (state === 'stopped' && task.startedAtMs !== undefined);
  return task.state === 'stopped' && ran && !task.failedToStart ? KILLED : undefined;
}

function reasonOf({ reason }: RunContainer, exitCode: number): string {
  if (OUT_OF_MEMORY.test(reason)) return 'OOMKilled';
  return exitCode === 0 ? 'Completed' : 'Error';
}

/** ECS dates the task's end only: that of a container that ended before it is when it was first seen. */
function finishedAtMs(pod: Pod, { stoppedAtMs }: Task, { id, name }: RunContainer, nowMs: number): number {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const before = [...containerStatuses, ...initContainerStatuses].find((status) => status.name === name);
  const known = before?.containerID === RUNTIME_SCHEME + id ? before.state?.terminated?.finishedAt : undefined;
  return (known && timeMs(known)) || stoppedAtMs || nowMs;
}

/** What the agent would know from its probes: here the task's health checks. */
export function agentView(pod: Pod, task: Task | undefined, waiting: AgentView['waiting']): AgentView {
  const specs = new Map([...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map((c) => [c.name, c]));
  const checked = (id: string, needs: (container: Container) => unknown) => {
    const container = task?.containers.find((one) => one.id === id);
    const spec = container && specs.get(container.name);
    return !spec || !needs(spec) || container.health === 'healthy';
  };
  return {
    waiting,
    starting: () => false,
    started: (id) => checked(id, ({ startupProbe }) => startupProbe),
    ready: (id) => checked(id, ({ readinessProbe }) => readinessProbe),
  };
}

/** Whether a liveness probe failed: ECS tells of it and leaves the container alone. */
export function isUnhealthy(pod: Pod, task: Task): boolean {
  return (pod.spec?.containers ?? []).some(
    ({ name, livenessProbe, startupProbe }) =>
      (livenessProbe ?? startupProbe) &&
      task.containers.some((one) => one.name === name && one.health === 'unhealthy' && one.state === 'running'),
  );
}
