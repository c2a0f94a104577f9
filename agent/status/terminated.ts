import type { ContainerState, ContainerStatus, Pod, PodStatus } from '../../lib/api/types.ts';
import { isRestartableInit } from '../pods/restart-policy.ts';

/** Whether a container ended well is not known, so it did not. */
const LOST: ContainerState = {
  terminated: {
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was terminated',
    exitCode: 137,
  },
};

/**
 * The last status of a pod of which nothing is left: its phase is final, whatever it had come to. A finalizer's owner,
 * such as a Job, waits for that. Pure. Source: TerminatePod in pkg/kubelet/status/status_manager.go.
 */
export function terminated(pod: Pod, status: PodStatus): PodStatus {
  const init = status.initContainerStatuses ?? [];
  const begun = init.slice(0, Math.max(1, init.findLastIndex(hasStarted) + 1));
  const isFinal = status.phase === 'Succeeded' || status.phase === 'Failed';
  return {
    ...status,
    phase: isFinal ? status.phase : 'Failed',
    ...(init.length ? { initContainerStatuses: init.map((one, i) => (i < begun.length ? ended(one) : one)) } : {}),
    containerStatuses: isInitialized(pod, status) ? status.containerStatuses?.map(ended) : status.containerStatuses,
  };
}

const ended = (status: ContainerStatus): ContainerStatus =>
  status.state?.terminated ? status : { ...status, state: LOST };

const hasStarted = ({ state, lastState }: ContainerStatus): boolean =>
  state?.waiting === undefined || lastState?.terminated !== undefined;

/** Its containers had their turn. Source: hasPodInitialized. */
function isInitialized(pod: Pod, { initContainerStatuses = [], containerStatuses = [] }: PodStatus): boolean {
  const last = pod.spec?.initContainers?.at(-1);
  if (!last || containerStatuses.some(hasStarted)) return true;
  const status = initContainerStatuses.at(-1);
  if (isRestartableInit(last)) return status?.state?.running !== undefined && status.started === true;
  return [status?.lastState, status?.state].some((state) => state?.terminated?.exitCode === 0);
}
