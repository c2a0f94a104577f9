import { BACKOFF_LIMITS } from '../../../agent/pods/back-off.ts';
import { restartsAfter } from '../../../agent/pods/restart-policy.ts';
import { emptyRuntimePod } from '../../../agent/pods/runtime-pod.ts';
import type { WaitingReason } from '../../../agent/status/container-statuses.ts';
import { podStatus } from '../../../agent/status/pod-status.ts';
import { timeMs } from '../../../lib/api/time.ts';
import type { Pod, PodStatus } from '../../../lib/api/types.ts';
import type { Task, TaskOwner } from '../../../lib/cloud/tasks.ts';
import { isFinished } from '../../controllers/pod-state.ts';
import { agentView, isUnhealthy, runtimePod } from './runtime-pod.ts';

export type Next = Pick<TaskOwner, 'attempt' | 'restarts' | 'failures'>;

export interface TaskPlan {
  /** To be run now. */
  run?: Next;
  /** Tasks to be stopped, and why. */
  stop: { id: string; reason: string }[];
  /** Nothing of it runs any more: the pod may go. */
  remove?: true;
  status: PodStatus;
  /** When to look again; absent: when something changes. */
  afterMs?: number;
}

export interface PlanInput {
  pod: Pod;
  /** The pod's tasks that are known. */
  tasks: readonly Task[];
  /** The attempt that the pod was last told to be, though its task may be forgotten. */
  recorded?: number | undefined;
  nowMs: number;
  /** How often a task that runs is looked at, where nobody tells when it ends. */
  runningMs?: number;
}

/** How often a task is looked at: soon while something is under way. */
export const STARTING_MS = 10_000;
export const RUNNING_MS = 30_000;
/** After so long in health an end is no failure in a row. Source: kubelet's back-off, which forgets after twice its longest wait. */
const FORGIVEN_MS = 2 * BACKOFF_LIMITS.maxMs;
const MAX_DOUBLINGS = 10;

/** What becomes of a pod's tasks, and the status that follows. Pure. */
export function planTask(input: PlanInput): TaskPlan {
  const { pod, tasks, nowMs } = input;
  const [newest, ...older] = [...tasks].sort((a, b) => b.owner.attempt - a.owner.attempt);
  const stop = older.filter(isAlive).map(({ id }) => ({ id, reason: 'a newer task runs this pod' }));
  if (pod.metadata?.deletionTimestamp) return deleting(input, newest, stop);
  const overdueMs = deadlineMs(pod) - nowMs;
  const ended =
    overdueMs <= 0
      ? { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' }
      : undefined;
  if (isFinished(pod) || ended) return ending(input, newest, stop, ended);
  const plan =
    !newest || (input.recorded ?? 0) > newest.owner.attempt ? lost(input, stop) : current(input, newest, stop);
  return plan.afterMs === undefined ? plan : { ...plan, afterMs: Math.min(plan.afterMs, overdueMs) };
}

type Stops = TaskPlan['stop'];

function deleting({ pod, nowMs }: PlanInput, task: Task | undefined, stop: Stops): TaskPlan {
  const alive = task && isAlive(task);
  const status = statusOf(pod, task, nowMs, { terminal: true });
  if (!alive && stop.length === 0) return { stop, status, remove: true };
  if (alive && task.state !== 'stopping') stop.push({ id: task.id, reason: 'its pod is deleted' });
  return { stop, status, afterMs: STARTING_MS };
}

function ending(
  { pod, nowMs }: PlanInput,
  task: Task | undefined,
  stop: Stops,
  ended: { reason: string; message: string } | undefined,
): TaskPlan {
  const status = statusOf(pod, task, nowMs, { terminal: true, ended });
  if (!task || !isAlive(task)) return { stop, status };
  if (task.state !== 'stopping') stop.push({ id: task.id, reason: ended?.reason ?? 'its pod has ended' });
  return { stop, status, afterMs: STARTING_MS };
}

/** No task, or one that the cloud has forgotten: what became of its containers nobody can tell. */
function lost({ pod, recorded, nowMs }: PlanInput, stop: Stops): TaskPlan {
  const first = { attempt: 0, restarts: 0, failures: 0 };
  if (recorded === undefined)
    return { stop, run: first, status: statusOf(pod, undefined, nowMs), afterMs: STARTING_MS };
  if ((pod.spec?.restartPolicy ?? 'Always') === 'Never') {
    const ended = { reason: 'TaskLost', message: 'the task that ran this pod is not known any more' };
    return { stop, status: statusOf(pod, undefined, nowMs, { terminal: true, ended }) };
  }
  const restarts = Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));
  const run = { attempt: recorded + 1, restarts: restarts + 1, failures: 0 };
  return { stop, run, status: statusOf(pod, undefined, nowMs), afterMs: STARTING_MS };
}

function current({ pod, nowMs, runningMs = RUNNING_MS }: PlanInput, task: Task, stop: Stops): TaskPlan {
  if (task.state !== 'stopped') {
    if (task.state === 'running' && isUnhealthy(pod, task)) {
      stop.push({ id: task.id, reason: 'a container is unhealthy' });
      return { stop, status: statusOf(pod, task, nowMs), afterMs: STARTING_MS };
    }
    const afterMs = task.state === 'running' ? runningMs : STARTING_MS;
    return { stop, status: statusOf(pod, task, nowMs, { waiting: stillWaiting(pod) }), afterMs };
  }
  if (!runsAgain(pod, task)) return { stop, status: statusOf(pod, task, nowMs, { terminal: true }) };
  const next = following(task);
  const waitMs = (task.stoppedAtMs ?? nowMs) + backoffMs(next.failures) - nowMs;
  const waiting = waitingFor(pod, task, next);
  const status = statusOf(pod, task, nowMs, { waiting });
  return waitMs <= 0 ? { stop, run: next, status, afterMs: STARTING_MS } : { stop, status, afterMs: waitMs };
}

/** A task that could not start is tried again whatever the policy, as images are. */
function runsAgain(pod: Pod, task: Task): boolean {
  if (task.failedToStart) return true;
  const codes = new Map(task.containers.map(({ name, exitCode }) => [name, exitCode]));
  const init = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy !== 'Always');
  const failedInit = init.find(({ name }) => (codes.get(name) ?? 0) !== 0);
  if (failedInit) return (pod.spec?.restartPolicy ?? 'Always') !== 'Never';
  const containers = pod.spec?.containers ?? [];
  return containers.some((container) => restartsAfter(pod, container, codes.get(container.name) ?? 1));
}

function following({ owner, failedToStart, startedAtMs, stoppedAtMs }: Task): Next {
  const ranMs = startedAtMs === undefined ? 0 : (stoppedAtMs ?? startedAtMs) - startedAtMs;
  return {
    attempt: owner.attempt + 1,
    restarts: owner.restarts + (failedToStart ? 0 : 1),
    failures: ranMs >= FORGIVEN_MS ? 0 : owner.failures + 1,
  };
}

/** The first time at once, then ever later, as the kubelet. */
function backoffMs(failures: number): number {
  if (failures <= 1) return 0;
  return Math.min(BACKOFF_LIMITS.maxMs, BACKOFF_LIMITS.initialMs * 2 ** Math.min(failures - 2, MAX_DOUBLINGS));
}

function waitingFor({ metadata }: Pod, task: Task, next: Next): (container: string) => WaitingReason | undefined {
  const podName = `${metadata?.name}_${metadata?.namespace}(${metadata?.uid})`;
  return (name) => {
    const container = task.containers.find((one) => one.name === name);
    if (task.failedToStart) return startFailure(container?.reason || task.stoppedReason);
    const message = `back-off ${backoffMs(next.failures) / 1000}s restarting failed container=${name} pod=${podName}`;
    return next.failures > 1 ? { reason: 'CrashLoopBackOff', message } : undefined;
  };
}

/** Until the next task runs, why the one before did not is worth more than that it is being started. */
export function stillWaiting({ status }: Pod): (container: string) => WaitingReason | undefined {
  return (name) => {
    const waiting = status?.containerStatuses?.find((one) => one.name === name)?.state?.waiting;
    if (!waiting?.reason || waiting.reason === 'ContainerCreating' || waiting.reason === 'PodInitializing')
      return undefined;
    return { reason: waiting.reason, message: waiting.message ?? '' };
  };
}

/** Source: "Amazon ECS stopped tasks error messages". */
function startFailure(message: string): WaitingReason {
  const pull = /CannotPull|pull image|ImageNotFound/i.test(message);
  return { reason: pull ? 'ErrImagePull' : 'RunContainerError', message };
}

interface StatusFacts {
  terminal?: boolean;
  ended?: { reason: string; message: string } | undefined;
  waiting?: (container: string) => WaitingReason | undefined;
}

export function statusOf(pod: Pod, task: Task | undefined, nowMs: number, facts: StatusFacts = {}): PodStatus {
  const { terminal = false, ended, waiting = () => undefined } = facts;
  const [ip] = task?.ips ?? [];
  const hostIP = ip ?? pod.status?.hostIP;
  return podStatus({
    pod,
    runtime: task ? runtimePod(pod, task, nowMs) : emptyRuntimePod(pod),
    view: agentView(pod, task, waiting),
    terminal,
    ended,
    // A task is a machine of its own.
    hostIPs: hostIP ? [hostIP] : [],
    now: new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z'),
  });
}

function deadlineMs({ spec, status }: Pod): number {
  const { activeDeadlineSeconds } = spec ?? {};
  if (!activeDeadlineSeconds || !status?.startTime) return Number.POSITIVE_INFINITY;
  return timeMs(status.startTime) + activeDeadlineSeconds * 1000;
}

export function isAlive({ state }: Task): boolean {
  return state !== 'stopped';
}
