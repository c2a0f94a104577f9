import type { Random } from '../../lib/runtime/random.ts';
import { type Plugin, PodRejection, type Rejection } from './framework.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';

export type Plan = { node: string } | Failure;

export interface Failure {
  node?: undefined;
  message: string;
  /** Who rejected. Empty: there are no nodes. */
  plugins: readonly string[];
  /** Nodes where removing pods may help: what preemption looks at. */
  resolvable: readonly NodeInfo[];
}

/** Finds a node for a pod. Pure but for the dice between equals. */
export function planPod(
  pod: PodInfo,
  snapshot: Snapshot,
  plugins: readonly Plugin[],
  random: Random,
  percentageOfNodesToScore = 0,
): Plan {
  const nodes = snapshot.nodes();
  if (nodes.length === 0) return { message: 'no nodes available to schedule pods', plugins: [], resolvable: [] };
  const filters = prepare(pod, snapshot, plugins);
  if ('message' in filters)
    return { ...filters, message: `0/${nodes.length} nodes are available: ${filters.message}.` };
  const nominated = snapshot.node(snapshot.nominatedNode(pod.uid) ?? '');
  if (nominated?.node && !rejectionOf(pod, nominated, filters)) return { node: nominated.name };
  const { feasible, rejected } = filterNodes(pod, nodes, filters, random, percentageOfNodesToScore);
  if (feasible.length === 0) return failure(nodes, rejected);
  if (feasible.length === 1) return { node: feasible[0]!.name };
  return { node: best(feasible, scoreNodes(pod, feasible, snapshot, plugins), random).name };
}

interface Prepared {
  plugin: Plugin;
  state: unknown;
}

function prepare(pod: PodInfo, snapshot: Snapshot, plugins: readonly Plugin[]): Prepared[] | Failure {
  const prepared: Prepared[] = [];
  for (const plugin of plugins) {
    const state = plugin.prepare?.(pod, snapshot);
    if (state instanceof PodRejection) return { message: state.message, plugins: [plugin.name], resolvable: [] };
    if (state !== undefined && plugin.filter) prepared.push({ plugin, state });
  }
  return prepared;
}

interface Rejected {
  node: NodeInfo;
  plugin: string;
  rejections: readonly Rejection[];
}

/** As many nodes as kube-scheduler looks for: all up to 100, then a share that sinks with their number. Source: numFeasibleNodesToFind. */
const MIN_FEASIBLE = 100;
const MIN_PERCENT = 5;

export function enoughNodes(count: number, percentage = 0): number {
  if (count < MIN_FEASIBLE) return count;
  const percent = percentage || Math.max(MIN_PERCENT, 50 - Math.floor(count / 125));
  return Math.max(MIN_FEASIBLE, Math.floor((count * percent) / 100));
}

function filterNodes(
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  filters: readonly Prepared[],
  random: Random,
  percentage: number,
) {
  const enough = enoughNodes(nodes.length, percentage);
  const start = enough < nodes.length ? Math.floor(random.next() * nodes.length) : 0;
  const feasible: NodeInfo[] = [];
  const rejected: Rejected[] = [];
  for (let i = 0; i < nodes.length && feasible.length < enough; i++) {
    const node = nodes[(start + i) % nodes.length]!;
    const rejection = rejectionOf(pod, node, filters);
    if (rejection) rejected.push(rejection);
    else feasible.push(node);
  }
  return { feasible, rejected };
}

function rejectionOf(pod: PodInfo, node: NodeInfo, filters: readonly Prepared[]): Rejected | undefined {
  for (const { plugin, state } of filters) {
    const rejection = plugin.filter!(state, pod, node);
    if (rejection) return { node, plugin: plugin.name, rejections: [rejection].flat() };
  }
  return undefined;
}

/** Whether the pod passes every filter on this node, with the snapshot as it is: preemption asks so of its what-ifs. */
export function fits(pod: PodInfo, node: NodeInfo, snapshot: Snapshot, plugins: readonly Plugin[]): boolean {
  const filters = prepare(pod, snapshot, plugins);
  return !('message' in filters) && !rejectionOf(pod, node, filters);
}

/** `0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.` Source: framework.FitError. */
function failure(nodes: readonly NodeInfo[], rejected: readonly Rejected[]): Failure {
  const histogram = new Map<string, number>();
  for (const { reason } of rejected.flatMap(({ rejections }) => rejections)) {
    histogram.set(reason, (histogram.get(reason) ?? 0) + 1);
  }
  const reasons = [...histogram].map(([reason, count]) => `${count} ${reason}`).sort();
  return {
    message: `0/${nodes.length} nodes are available: ${reasons.join(', ')}.`,
    plugins: [...new Set(rejected.map(({ plugin }) => plugin))],
    resolvable: rejected.filter((r) => r.rejections.every((one) => !one.unresolvable)).map(({ node }) => node),
  };
}

function scoreNodes(
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  snapshot: Snapshot,
  plugins: readonly Plugin[],
): number[] {
  const totals = nodes.map(() => 0);
  for (const plugin of plugins) {
    if (!plugin.score) continue;
    const state = plugin.prepareScore?.(pod, nodes, snapshot);
    if (state === undefined) continue;
    const scores = nodes.map((node) => plugin.score!(state, pod, node));
    plugin.normalize?.(scores, state, nodes);
    for (let i = 0; i < totals.length; i++) totals[i]! += scores[i]! * (plugin.weight ?? 1);
  }
  return totals;
}

function best(nodes: readonly NodeInfo[], scores: readonly number[], random: Random): NodeInfo {
  const max = Math.max(...scores);
  const equals = nodes.filter((_, i) => scores[i] === max);
  return equals[Math.floor(random.next() * equals.length)]!;
}
