import type { ContainerStatus, Pod } from '../../../lib/api/types.ts';
import { HttpError } from '../http-error.ts';

/** The id of the container whose log is asked for. Source: kubelet_pods.go validateContainerLogStatus, its words included. */
export function logContainerId(pod: Pod, containerName: string, previous: boolean): string {
  const status = containerStatus(pod, containerName);
  const of = `container "${containerName}" in pod "${pod.metadata?.name}"`;
  if (!status) throw new HttpError(400, `${of} is not available`);
  const { waiting, running, terminated } = status.state ?? {};
  const last = status.lastState?.terminated;
  if (previous) {
    if (!last?.containerID) throw new HttpError(400, `previous terminated ${of} not found`);
    return bare(last.containerID);
  }
  if (running) return bare(status.containerID);
  if (terminated?.containerID) return bare(terminated.containerID);
  if (last?.containerID) return bare(last.containerID);
  if (terminated || last) throw new HttpError(400, `${of} is terminated`);
  throw new HttpError(
    400,
    `${of} is waiting to start${waiting ? `: ${waitingText(waiting.reason)}` : ' - no logs yet'}`,
  );
}

function containerStatus(pod: Pod, name: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {};
  return [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses].find((c) => c.name === name);
}

function waitingText(reason = ''): string {
  if (reason === 'ErrImagePull') return "image can't be pulled";
  if (reason === 'ImagePullBackOff') return 'trying and failing to pull image';
  return reason;
}

/** `containerd://ID` → ID */
function bare(containerID = ''): string {
  return containerID.slice(containerID.indexOf('://') + 3);
}
