import type { Node, NodeCondition } from '../../lib/api/types.ts';

type State = Pick<Node, 'spec' | 'status'>;

/** What an event calls a condition, by its type and status. Source: pkg/kubelet/nodestatus/setters.go. */
const REASONS: Record<string, Record<string, string>> = {
  MemoryPressure: { True: 'NodeHasInsufficientMemory', False: 'NodeHasSufficientMemory' },
  DiskPressure: { True: 'NodeHasDiskPressure', False: 'NodeHasNoDiskPressure' },
  PIDPressure: { True: 'NodeHasInsufficientPID', False: 'NodeHasSufficientPID' },
  Ready: { True: 'NodeReady', False: 'NodeNotReady' },
};

/** The reasons of the events that a node's agent tells of what changed. Of a new node everything has but that it is not ready yet. */
export function nodeEvents(before: State, now: State): string[] {
  const old = new Map(before.status?.conditions?.map(({ type, status }) => [type, status]));
  const changed = ({ type, status }: NodeCondition): string[] => {
    const isFirstNotReady = type === 'Ready' && status === 'False' && !old.has(type);
    const reason = REASONS[type]?.[status];
    return reason && old.get(type) !== status && !isFirstNotReady ? [reason] : [];
  };
  const events = (now.status?.conditions ?? []).flatMap(changed);
  if (Boolean(before.spec?.unschedulable) === Boolean(now.spec?.unschedulable)) return events;
  return [...events, now.spec?.unschedulable ? 'NodeNotSchedulable' : 'NodeSchedulable'];
}
