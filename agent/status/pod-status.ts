import type { ContainerStatus, Pod, PodStatus } from '../../lib/api/types.ts';
import { qosClass } from '../pods/qos.ts';
import type { RuntimePod } from '../pods/runtime-pod.ts';
import { mergeConditions, podConditions, TERMINATION_BY_KUBELET } from './conditions.ts';
import { type AgentView, containerStatuses } from './container-statuses.ts';
import { isFinalPhase, type Phase, podPhase } from './phase.ts';
import { terminated } from './terminated.ts';

export interface StatusInput {
  readonly pod: Pod;
  readonly runtime: RuntimePod;
  readonly view: AgentView;
  /** Nothing will be started again: the pod is being deleted, was evicted, or is over its deadline. */
  readonly terminal: boolean;
  /** Nothing of the pod is left. */
  readonly gone?: boolean;
  /** The agent ended the pod: why, as Evicted or DeadlineExceeded. */
  readonly ended?: { reason: string; message: string; disruption?: true } | undefined;
  /** The agent did not take the pod: nothing of it was ever here. */
  readonly rejected?: boolean | undefined;
  /** Resources that the pod now asks for and does not have yet. */
  readonly pendingResize?: { reason: string; message: string } | undefined;
  readonly hostIPs: readonly string[];
  readonly now: string;
}

/** The pod's status as kubelet reports it. Pure. Source: kubelet_pods.go generateAPIPodStatus. */
export function podStatus(input: StatusInput): PodStatus {
  if (input.rejected) return rejection(input);
  const status = observedStatus(input);
  return input.gone || (input.terminal && isFinalPhase(status.phase)) ? terminated(input.pod, status) : status;
}

function observedStatus(input: StatusInput): PodStatus {
  const { pod, runtime, view, hostIPs } = input;
  const init = containerStatuses(pod, 'init', runtime, view);
  const containers = containerStatuses(pod, 'container', runtime, view).map((one) => beforeResize(input, one));
  const ephemeral = containerStatuses(pod, 'ephemeral', runtime, view);
  const all = [...init, ...containers];
  const phase = finalPhase(input, all);
  return {
    phase,
    conditions: mergeConditions(
      pod,
      [...podConditions(pod, runtime, all, phase), ...resizeCondition(input), ...disruptionCondition(input)],
      input.now,
    ),
    ...(pod.metadata?.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    ...explanation(input, phase),
    hostIP: hostIPs[0],
    hostIPs: hostIPs.map((ip) => ({ ip })),
    ...addresses(pod, runtime, hostIPs),
    startTime: pod.status?.startTime ?? input.now,
    qosClass: pod.status?.qosClass ?? qosClass(pod),
    ...(init.length ? { initContainerStatuses: init } : {}),
    containerStatuses: containers,
    ...(ephemeral.length ? { ephemeralContainerStatuses: ephemeral } : {}),
  };
}

/** Containers that were never made have no status: `kubectl get` shows the reason. Source: kubelet.go rejectPod. */
function rejection({ pod, ended, now }: StatusInput): PodStatus {
  const {
    containerStatuses: _,
    initContainerStatuses: __,
    ephemeralContainerStatuses: ___,
    ...before
  } = pod.status ?? {};
  return {
    ...before,
    phase: 'Failed',
    ...(pod.metadata?.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    ...(ended ? { reason: ended.reason, message: ended.message } : {}),
    startTime: pod.status?.startTime ?? now,
    qosClass: pod.status?.qosClass ?? qosClass(pod),
  };
}

function resizeCondition({ pendingResize }: StatusInput) {
  return pendingResize ? [{ type: 'PodResizePending', status: 'True', ...pendingResize }] : [];
}

/** Source: KEP-3329: a Job need not count such an end as a failure of the pod's own. */
function disruptionCondition({ ended }: StatusInput) {
  if (!ended?.disruption) return [];
  return [{ type: 'DisruptionTarget', status: 'True', reason: TERMINATION_BY_KUBELET, message: ended.message }];
}

/** Until a resize is granted the container has what it was reported to have. */
function beforeResize({ pod, pendingResize }: StatusInput, status: ContainerStatus): ContainerStatus {
  const old = pod.status?.containerStatuses?.find(({ name }) => name === status.name);
  if (!pendingResize || !old?.resources) return status;
  const { allocatedResources, resources } = old;
  return { ...status, resources, ...(allocatedResources ? { allocatedResources } : {}) };
}

/** A phase that is final is never left. */
function finalPhase({ pod, terminal, ended }: StatusInput, statuses: readonly ContainerStatus[]): Phase {
  const before = pod.status?.phase;
  if (isFinalPhase(before)) return before;
  if (ended) return 'Failed';
  return podPhase(pod, statuses, terminal);
}

function explanation({ pod, ended }: StatusInput, phase: Phase): Partial<PodStatus> {
  if (ended) return { reason: ended.reason, message: ended.message };
  if (pod.status?.phase !== phase) return {};
  const { reason, message } = pod.status;
  return { ...(reason ? { reason } : {}), ...(message ? { message } : {}) };
}

/** A sandbox that stopped has lost its address; the pod keeps the one it reported. */
function addresses(pod: Pod, runtime: RuntimePod, hostIPs: readonly string[]): Partial<PodStatus> {
  const sandbox = runtime.sandboxes[0];
  if (pod.spec?.hostNetwork) return sandbox || pod.status?.podIP ? asPodIPs(hostIPs.slice(0, 1)) : {};
  if (sandbox?.state === 'READY' && sandbox.ips.length > 0) return asPodIPs(sandbox.ips);
  const { podIP, podIPs } = pod.status ?? {};
  return podIP ? { podIP, ...(podIPs ? { podIPs } : {}) } : {};
}

function asPodIPs(ips: readonly string[]): Partial<PodStatus> {
  return { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) };
}
