import type { ContainerStatus, Pod, PodStatus } from '../../lib/api/types.ts';
import { isRestartableInit } from '../pods/restart-policy.ts';
import { LOST } from './container-statuses.ts';
import { isFinalPhase } from './phase.ts';

/**
 * The last status of a pod of which nothing is left: its phase is final, whatever it had come to. A finalizer's owner,
 * such as a Job, waits for that. Pure. Source: TerminatePod in pkg/kubelet/status/status_manager.go.
 */
export function terminated(pod: Pod, status: PodStatus): PodStatus {
  const init = status.initContainerStatuses ?? [];
  const begun = Math.max(1, init.findLastIndex(hasStarted) + 1);
  return {
    ...status,
    phase: isFinalPhase(status.phase) ? status.phase : 'Failed',
    ...(init.length ? { initContainerStatuses: init.map((one, i) => (i < begun ? ended(one) : one)) } : {}),
    containerStatuses: isInitialized(pod, status) ? status.containerStatuses?.map(ended) : status.containerStatuses,
  };
}

const ended = (status: ContainerStatus): ContainerStatus =>
  status.state?.terminated ? status : { ...status, state: { terminated: LOST } };

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
