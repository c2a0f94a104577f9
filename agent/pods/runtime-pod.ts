import type { Pod } from '../../lib/api/types.ts';
import type { ContainerStatus, PodSandboxStatus } from '../runtime-contract.ts';

/** What the runtime has of one pod. */
export interface RuntimePod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** Newest first. */
  readonly sandboxes: readonly PodSandboxStatus[];
  /** Newest first: several of one name are its restarts. */
  readonly containers: readonly RuntimeContainer[];
}

export interface RuntimeContainer extends ContainerStatus {
  readonly name: string;
  readonly restartCount: number;
}

export function emptyRuntimePod(pod: Pod): RuntimePod {
  const { uid = '', namespace = '', name = '' } = pod.metadata ?? {};
  return { uid, namespace, name, sandboxes: [], containers: [] };
}

/** The newest container of this name. */
export function findContainer(runtime: RuntimePod, name: string): RuntimeContainer | undefined {
  return runtime.containers.find((container) => container.name === name);
}

export function runningContainers(runtime: RuntimePod): RuntimeContainer[] {
  return runtime.containers.filter(({ state }) => state === 'RUNNING');
}

export function readySandboxes(runtime: RuntimePod): PodSandboxStatus[] {
  return runtime.sandboxes.filter(({ state }) => state === 'READY');
}

/** Whether the pod got past its init containers once. */
export function hasAnyRegularContainer(pod: Pod, runtime: RuntimePod): boolean {
  return (pod.spec?.containers ?? []).some(({ name }) => findContainer(runtime, name));
}
