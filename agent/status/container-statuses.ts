import type { Container, ContainerState, ContainerStatus, Pod } from '../../lib/api/types.ts';
import { isRestartableInit, restartsAfter } from '../pods/restart-policy.ts';
import { findContainer, hasAnyRegularContainer, type RuntimeContainer, type RuntimePod } from '../pods/runtime-pod.ts';

/** Why a container waits: the last thing that kept it from running. */
export interface WaitingReason {
  reason: string;
  message: string;
}

/** What the agent knows beyond the runtime. */
export interface AgentView {
  /** Set while the container cannot be started. */
  waiting(containerName: string): WaitingReason | undefined;
  /** The postStart hook of this container has not ended: it does not count as running yet. */
  starting(containerId: string): boolean;
  /** Startup probe passed, or none. */
  started(containerId: string): boolean;
  /** Readiness probe passed, or none. */
  ready(containerId: string): boolean;
}

export type ContainerRole = 'init' | 'container' | 'ephemeral';

const RUNTIME_SCHEME = 'containerd://';
/** What kubelet gives a container that was there and is lost. */
const LOST_EXIT_CODE = 137;
/** Whether a container ended well is not known, so it did not. */
export const LOST = {
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
  exitCode: LOST_EXIT_CODE,
};

/** The statuses of all containers of one role: init containers in order, others by name. Source: kubelet_pods.go convertToAPIContainerStatuses. */
export function containerStatuses(
  pod: Pod,
  role: ContainerRole,
  runtime: RuntimePod,
  view: AgentView,
): ContainerStatus[] {
  const old = new Map(oldStatuses(pod, role).map((status) => [status.name, status]));
  const statuses = containersOf(pod, role).map((container) => {
    // One that is made and not started is not there yet.
    const instances = runtime.containers.filter(({ name, state }) => name === container.name && state !== 'CREATED');
    const status = withHistory(pod, container, instances, old.get(container.name), view);
    const settled = applyWaiting(pod, role, container, runtime, status, view);
    return { ...settled, ...readiness(role, container, settled, instances[0], view) };
  });
  return role === 'init' ? statuses : statuses.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function containersOf(pod: Pod, role: ContainerRole): Container[] {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = pod.spec ?? { containers: [] };
  return role === 'init' ? initContainers : role === 'container' ? containers : (ephemeralContainers as Container[]);
}

function oldStatuses(pod: Pod, role: ContainerRole): ContainerStatus[] {
  const { initContainerStatuses, containerStatuses: regular, ephemeralContainerStatuses } = pod.status ?? {};
  return (role === 'init' ? initContainerStatuses : role === 'container' ? regular : ephemeralContainerStatuses) ?? [];
}

function withHistory(
  pod: Pod,
  container: Container,
  [newest, previous]: readonly RuntimeContainer[],
  old: ContainerStatus | undefined,
  view: AgentView,
): ContainerStatus {
  if (!newest) return absent(pod, container, old);
  const last = previous ? stateOf(previous) : lastStateFrom(newest, old);
  return {
    ...base(pod, container),
    image: newest.image || container.image || '',
    imageID: newest.imageRef,
    containerID: RUNTIME_SCHEME + newest.id,
    restartCount: newest.restartCount,
    state: view.starting(newest.id) ? waitingToStart(pod) : stateOf(newest),
    lastState: last ?? {},
    ...resourcesOf(container),
  };
}

/** The runtime forgot the instance before (its record was collected): the API still has it. */
function lastStateFrom(newest: RuntimeContainer, old: ContainerStatus | undefined): ContainerState | undefined {
  if (!old) return undefined;
  const sameInstance = old.containerID === RUNTIME_SCHEME + newest.id;
  return !sameInstance && old.state?.terminated ? old.state : old.lastState;
}

function absent(pod: Pod, container: Container, old: ContainerStatus | undefined): ContainerStatus {
  if (old?.state?.terminated) return old;
  const status = {
    ...base(pod, container),
    restartCount: old?.restartCount ?? 0,
    state: waitingToStart(pod),
    lastState: old?.lastState ?? {},
  };
  if (!old?.state?.running || status.lastState.terminated) return status;
  const message = 'The container could not be located when the pod was deleted.  The container used to be Running';
  const terminated = { ...LOST, message };
  const restarts = pod.metadata?.deletionTimestamp ? 0 : 1;
  return { ...status, restartCount: status.restartCount + restarts, lastState: { terminated } };
}

function base(pod: Pod, container: Container): ContainerStatus {
  const status: ContainerStatus = {
    name: container.name,
    image: container.image ?? '',
    imageID: '',
    ready: false,
    restartCount: 0,
  };
  const mounts = container.volumeMounts?.map(({ name, mountPath, readOnly }) => ({
    name,
    mountPath,
    ...(readOnly ? { readOnly, recursiveReadOnly: 'Disabled' } : {}),
  }));
  return pod.spec && mounts?.length ? { ...status, volumeMounts: mounts } : status;
}

/** KEP-1287: what the container was given. */
function resourcesOf({ resources }: Container): Partial<ContainerStatus> {
  const { limits, requests } = resources ?? {};
  return {
    ...(requests ? { allocatedResources: requests } : {}),
    resources: { ...(limits ? { limits } : {}), ...(requests ? { requests } : {}) },
  };
}

/** A pod with init containers is still initializing as long as a container waits without a better reason. */
function waitingToStart(pod: Pod): ContainerState {
  const initializing = (pod.spec?.initContainers?.length ?? 0) > 0;
  return { waiting: { reason: initializing ? 'PodInitializing' : 'ContainerCreating' } };
}

function stateOf(container: RuntimeContainer): ContainerState {
  const containerID = RUNTIME_SCHEME + container.id;
  switch (container.state) {
    case 'RUNNING':
      return { running: { startedAt: time(container.startedAtMs) } };
    case 'EXITED':
      return { terminated: terminatedState(container, containerID) };
    default:
      return { terminated: { ...LOST, containerID } };
  }
}

function terminatedState(container: RuntimeContainer, containerID: string) {
  return {
    exitCode: container.exitCode,
    ...(container.reason ? { reason: container.reason } : {}),
    ...(container.message ? { message: container.message } : {}),
    // A container that never started has no start: kubelet writes the zero time, which is null in JSON.
    startedAt: time(container.startedAtMs || container.finishedAtMs),
    finishedAt: time(container.finishedAtMs),
    containerID,
  };
}

function applyWaiting(
  pod: Pod,
  role: ContainerRole,
  container: Container,
  runtime: RuntimePod,
  status: ContainerStatus,
  view: AgentView,
): ContainerStatus {
  if (status.state?.running) return status;
  const terminated = status.state?.terminated;
  if (role === 'init' && !terminated && initDone(pod, container, runtime)) return completed(status);
  if (role === 'ephemeral' && terminated) return status;
  if (role === 'init' && terminated?.exitCode === 0 && !isRestartableInit(container)) return status;
  if (terminated && (pod.metadata?.deletionTimestamp || !restartsAfter(pod, container, terminated.exitCode)))
    return status;
  const waiting = view.waiting(container.name);
  if (!waiting) return status;
  return {
    ...status,
    lastState: terminated ? { terminated } : (status.lastState ?? {}),
    state: { waiting: { reason: waiting.reason, ...(waiting.message ? { message: waiting.message } : {}) } },
  };
}

/** The record of an init container may be collected; that the pod went on shows that it ended well. */
function initDone(pod: Pod, container: Container, runtime: RuntimePod): boolean {
  if (isRestartableInit(container) || findContainer(runtime, container.name)) return false;
  return hasAnyRegularContainer(pod, runtime);
}

function completed(status: ContainerStatus): ContainerStatus {
  const message =
    'Unable to get init container status from container runtime and pod has been initialized, treat it as exited normally';
  return { ...status, ready: true, state: { terminated: { exitCode: 0, reason: 'Completed', message } } };
}

/** Source: prober_manager.go UpdatePodStatus. */
function readiness(
  role: ContainerRole,
  container: Container,
  status: ContainerStatus,
  instance: RuntimeContainer | undefined,
  view: AgentView,
): Pick<ContainerStatus, 'ready' | 'started'> {
  if (role === 'ephemeral') return { ready: false };
  const running = status.state?.running !== undefined && instance !== undefined;
  const started = running && view.started(instance.id);
  if (role === 'init' && !isRestartableInit(container))
    return { ready: status.state?.terminated?.exitCode === 0, started: running };
  return { ready: started && view.ready(instance!.id), started };
}

function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
