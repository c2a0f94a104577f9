import type { Stored } from '../../../lib/api/object.ts';
import { timeMs } from '../../../lib/api/time.ts';
import type { Node, NodeCondition, Taint } from '../../../lib/api/types.ts';
import { conditionOf } from '../conditions.ts';

const NODE = 'node.kubernetes.io/';
export const NOT_READY = `${NODE}not-ready`;
export const UNREACHABLE = `${NODE}unreachable`;

/** Conditions that only a living agent can vouch for. */
const HEARTBEAT_CONDITIONS = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** What becomes of a node's conditions when its agent is silent. Source: nodelifecycle, tryUpdateNodeHealth. */
export function unknownConditions(node: Stored<Node>, time: string): NodeCondition[] {
  const silent = HEARTBEAT_CONDITIONS.map((type): NodeCondition => {
    const old = conditionOf(node.status?.conditions, type);
    if (!old) {
      const { creationTimestamp } = node.metadata;
      const [reason, message] = ['NodeStatusNeverUpdated', 'Kubelet never posted node status.'];
      return {
        type,
        status: 'Unknown',
        lastHeartbeatTime: creationTimestamp,
        lastTransitionTime: time,
        reason,
        message,
      };
    }
    if (old.status === 'Unknown') return old;
    const [reason, message] = ['NodeStatusUnknown', 'Kubelet stopped posting node status.'];
    return { ...old, status: 'Unknown', lastTransitionTime: time, reason, message };
  });
  return [...(node.status?.conditions ?? []).filter(({ type }) => !HEARTBEAT_CONDITIONS.includes(type)), ...silent];
}

/** When the agent was last heard of: its Lease, or its status. */
export function lastHeartbeatMs(node: Stored<Node>, renewTime: string | undefined): number {
  const ready = conditionOf(node.status?.conditions, 'Ready') as NodeCondition | undefined;
  const times = [renewTime, ready?.lastHeartbeatTime, node.metadata.creationTimestamp].map(timeMs);
  return Math.max(...times.filter((time) => !Number.isNaN(time)));
}

const NO_SCHEDULE: Record<string, Record<string, string>> = {
  Ready: { False: NOT_READY, Unknown: UNREACHABLE },
  MemoryPressure: { True: `${NODE}memory-pressure` },
  DiskPressure: { True: `${NODE}disk-pressure` },
  NetworkUnavailable: { True: `${NODE}network-unavailable` },
  PIDPressure: { True: `${NODE}pid-pressure` },
};
const UNSCHEDULABLE = `${NODE}unschedulable`;
const OURS = new Set([...Object.values(NO_SCHEDULE).flatMap((taints) => Object.values(taints)), UNSCHEDULABLE]);

/** The taints that a node's conditions and cordon call for; others' are left alone. Source: nodelifecycle, doNoScheduleTaintingPass. */
export function taintsFor(node: Stored<Node>, time: string): Taint[] {
  const old = node.spec?.taints ?? [];
  const conditions = node.status?.conditions ?? [];
  const keys = conditions.flatMap(({ type, status }) => NO_SCHEDULE[type]?.[status] ?? []);
  if (node.spec?.unschedulable) keys.push(UNSCHEDULABLE);
  const noExecute = keys.filter((key) => key === NOT_READY || key === UNREACHABLE);
  const wanted: Taint[] = [
    ...keys.map((key) => ({ key, effect: 'NoSchedule' })),
    ...noExecute.map((key) => ({ key, effect: 'NoExecute', timeAdded: time })),
  ];
  const others = old.filter(({ key, effect }) => !(OURS.has(key) && isOurEffect(key, effect)));
  return [...others, ...wanted.map((taint) => old.find((known) => sameTaint(known, taint)) ?? taint)];
}

function isOurEffect(key: string, effect: string): boolean {
  return effect === 'NoSchedule' || (effect === 'NoExecute' && (key === NOT_READY || key === UNREACHABLE));
}

const sameTaint = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect;

export function sameTaints(a: readonly Taint[] | undefined, b: readonly Taint[]): boolean {
  return (a?.length ?? 0) === b.length && b.every((taint) => a?.some((known) => sameTaint(known, taint)));
}
