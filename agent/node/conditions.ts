import type { NodeCondition } from '../../lib/api/types.ts';
import type { Pressure } from '../eviction/thresholds.ts';
import type { RuntimeStatus } from '../runtime-contract.ts';

export interface Health {
  /** Absent: the runtime does not answer, and why. */
  runtime: RuntimeStatus | Error;
  pressures: ReadonlySet<Pressure>;
  shuttingDown?: boolean;
}

type Draft = Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>;

/** Source: pkg/kubelet/nodestatus/setters.go, whose words these are. */
export function nodeConditions(health: Health): Draft[] {
  const { pressures } = health;
  return [
    pressures.has('MemoryPressure')
      ? pressed('MemoryPressure', 'KubeletHasInsufficientMemory', 'insufficient memory available')
      : relaxed('MemoryPressure', 'KubeletHasSufficientMemory', 'sufficient memory available'),
    pressures.has('DiskPressure')
      ? pressed('DiskPressure', 'KubeletHasDiskPressure', 'disk pressure')
      : relaxed('DiskPressure', 'KubeletHasNoDiskPressure', 'no disk pressure'),
    pressures.has('PIDPressure')
      ? pressed('PIDPressure', 'KubeletHasInsufficientPID', 'insufficient PID available')
      : relaxed('PIDPressure', 'KubeletHasSufficientPID', 'sufficient PID available'),
    ready(health),
  ];
}

const pressed = (type: string, reason: string, what: string): Draft => ({
  type,
  status: 'True',
  reason,
  message: `kubelet has ${what}`,
});
const relaxed = (type: string, reason: string, what: string): Draft => ({
  ...pressed(type, reason, what),
  status: 'False',
});

function ready({ runtime, shuttingDown = false }: Health): Draft {
  const faults = [...faultsOf(runtime), ...(shuttingDown ? ['node is shutting down'] : [])];
  if (faults.length === 0)
    return { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' };
  const message = faults.length === 1 ? faults[0]! : `[${faults.join(', ')}]`;
  return { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message };
}

function faultsOf(runtime: RuntimeStatus | Error): string[] {
  if (runtime instanceof Error) return [`container runtime is down: ${runtime.message}`];
  return runtime.conditions
    .filter(({ status }) => !status)
    .map(({ type, reason, message }) =>
      type === 'NetworkReady'
        ? `container runtime network not ready: NetworkReady=false reason:${reason} message:${message}`
        : `container runtime status check may not have completed yet: ${type}=false reason:${reason} message:${message}`,
    );
}

/** Dates the conditions: heartbeat now, transition when the status changed. Others' conditions stay. */
export function mergeNodeConditions(
  old: readonly NodeCondition[],
  drafts: readonly Draft[],
  now: string,
): NodeCondition[] {
  const foreign = old.filter(({ type }) => !drafts.some((draft) => draft.type === type));
  const own = drafts.map((draft) => {
    const before = old.find(({ type }) => type === draft.type);
    const lastTransitionTime = before?.status === draft.status ? (before.lastTransitionTime ?? now) : now;
    return { ...draft, lastHeartbeatTime: now, lastTransitionTime };
  });
  return [...foreign, ...own];
}
