import type { Container, ContainerStatus, Pod } from '../../lib/api/types.ts';
import { isRestartableInit, restartsAfter } from '../pods/restart-policy.ts';

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/** Never left again. */
export function isFinalPhase(phase: string | undefined): phase is 'Succeeded' | 'Failed' {
  return phase === 'Succeeded' || phase === 'Failed';
}

interface Tally {
  running: number;
  waiting: number;
  stopped: number;
  succeeded: number;
  final: number;
  unknown: number;
}

/**
 * The pod's phase from its containers'. `terminal`: nothing will be started again, whatever the policy says
 * (the pod is being deleted or was evicted). Source: kubelet_pods.go getPhase.
 */
export function podPhase(pod: Pod, statuses: readonly ContainerStatus[], terminal: boolean): Phase {
  const byName = new Map(statuses.map((status) => [status.name, status]));
  const init = pod.spec?.initContainers ?? [];
  const ordinary = init.filter((container) => !isRestartableInit(container));
  const sidecars = init.filter(isRestartableInit);
  if (ordinary.some((container) => failedForGood(pod, container, byName.get(container.name)))) return 'Failed';

  const tally = count(pod, pod.spec?.containers ?? [], byName);
  const begun = tally.running + tally.stopped > 0;
  if (ordinary.some(({ name }) => pendingInit(byName.get(name)))) return 'Pending';
  if (!begun && sidecars.some(({ name }) => !byName.get(name)?.started)) return 'Pending';
  return phaseOf({ ...tally, running: tally.running + runningOf(sidecars, byName) }, terminal);
}

function phaseOf(tally: Tally, terminal: boolean): Phase {
  if (tally.waiting > 0 || tally.unknown > 0) return 'Pending';
  if (tally.running > 0) return 'Running';
  if (tally.stopped === 0) return 'Pending';
  if (!terminal && tally.final !== tally.stopped) return 'Running';
  return tally.succeeded === tally.stopped ? 'Succeeded' : 'Failed';
}

function count(pod: Pod, containers: readonly Container[], byName: Map<string, ContainerStatus>): Tally {
  const tally: Tally = { running: 0, waiting: 0, stopped: 0, succeeded: 0, final: 0, unknown: 0 };
  for (const container of containers) {
    const status = byName.get(container.name);
    const ended = status?.state?.terminated ?? (status?.state?.waiting && status.lastState?.terminated);
    if (status?.state?.running) tally.running++;
    else if (ended) {
      tally.stopped++;
      if (!restartsAfter(pod, container, ended.exitCode)) tally.final++;
      if (status?.state?.terminated?.exitCode === 0) tally.succeeded++;
    } else if (status?.state?.waiting) tally.waiting++;
    else tally.unknown++;
  }
  return tally;
}

function failedForGood(pod: Pod, container: Container, status: ContainerStatus | undefined): boolean {
  const ended = status?.state?.terminated ?? (status?.state?.waiting && status.lastState?.terminated);
  return ended !== undefined && ended.exitCode !== 0 && !restartsAfter(pod, container, ended.exitCode);
}

function pendingInit(status: ContainerStatus | undefined): boolean {
  if (status?.state?.terminated) return status.state.terminated.exitCode !== 0;
  return true;
}

function runningOf(sidecars: readonly Container[], byName: Map<string, ContainerStatus>): number {
  return sidecars.filter(({ name }) => byName.get(name)?.state?.running).length;
}
