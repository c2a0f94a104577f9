import type { Stored } from '../../../lib/api/object.ts';
import { matchesNodeAffinity } from '../../../lib/api/scheduling/node-selector.ts';
import { untoleratedTaint } from '../../../lib/api/scheduling/tolerations.ts';
import type { Affinity, DaemonSet, Node, Pod, PodSpec, Toleration } from '../../../lib/api/types.ts';
import { virtualProvider } from '../../../lib/api/virtual-node.ts';

const NODE = 'node.kubernetes.io/';
const tolerate = (key: string, effect: string): Toleration => ({ key: NODE + key, operator: 'Exists', effect });

/** A daemon stays on nodes that others have to leave. Source: pkg/controller/daemon/util, AddOrUpdateDaemonPodTolerations. */
const TOLERATIONS = [
  tolerate('not-ready', 'NoExecute'),
  tolerate('unreachable', 'NoExecute'),
  tolerate('disk-pressure', 'NoSchedule'),
  tolerate('memory-pressure', 'NoSchedule'),
  tolerate('pid-pressure', 'NoSchedule'),
  tolerate('unschedulable', 'NoSchedule'),
];
const HOST_NETWORK_TOLERATION = tolerate('network-unavailable', 'NoSchedule');

export function daemonTolerations(spec: PodSpec): Toleration[] {
  const extra = spec.hostNetwork ? [...TOLERATIONS, HOST_NETWORK_TOLERATION] : TOLERATIONS;
  const own = spec.tolerations ?? [];
  const isOwn = (t: Toleration) =>
    own.some((o) => o.key === t.key && o.effect === t.effect && o.operator === t.operator);
  return [...own, ...extra.filter((toleration) => !isOwn(toleration))];
}

export interface Placement {
  /** A daemon belongs there. */
  shouldRun: boolean;
  /** One that is there may stay. */
  mayStay: boolean;
}

/** Source: daemon_controller.go, nodeShouldRunDaemonPod. */
export function placementOn(node: Stored<Node>, { spec }: DaemonSet): Placement {
  // A daemon serves a machine: there is none.
  if (virtualProvider(node)) return { shouldRun: false, mayStay: false };
  const podSpec = spec.template.spec ?? { containers: [] };
  const named = !podSpec.nodeName || podSpec.nodeName === node.metadata.name;
  if (!named || !matchesNodeAffinity(podSpec, node)) return { shouldRun: false, mayStay: false };
  const tolerations = daemonTolerations(podSpec);
  const { taints } = node.spec ?? {};
  return {
    shouldRun: !untoleratedTaint(taints, tolerations, ['NoSchedule', 'NoExecute']),
    mayStay: !untoleratedTaint(taints, tolerations, ['NoExecute']),
  };
}

/** The default scheduler binds it, to this node only. */
export function pinnedTo(nodeName: string, affinity: Affinity | undefined): Affinity {
  const requirement = { key: 'metadata.name', operator: 'In', values: [nodeName] };
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const terms = required?.nodeSelectorTerms ?? [{}];
  const nodeSelectorTerms = terms.map((term) => ({ ...term, matchFields: [requirement] }));
  const nodeAffinity = {
    ...affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
  };
  return { ...affinity, nodeAffinity };
}

/** The node a daemon is on, or is pinned to. */
export function nodeOf({ spec }: Stored<Pod>): string | undefined {
  if (spec?.nodeName) return spec.nodeName;
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return terms?.[0]?.matchFields?.find(({ key }) => key === 'metadata.name')?.values?.[0];
}
