import type { Stored } from '../../lib/api/object.ts';
import { fromLabelSelector } from '../../lib/api/selectors.ts';
import { timeMs } from '../../lib/api/time.ts';
import type { PodDisruptionBudget } from '../../lib/api/types.ts';
import type { PreemptionLimits } from './configuration/plugin-args.ts';
import type { Plugin } from './framework.ts';
import type { NodeInfo } from './node-info.ts';
import { fits } from './plan.ts';
import type { PodInfo } from './pod-info.ts';
import type { Snapshot } from './snapshot.ts';

/** Which pods would have to go, and where, for a more important one; or why it is no use. */
export type Preemption = { node: string; victims: readonly PodInfo[] } | { node?: undefined; message: string };

interface Candidate {
  node: NodeInfo;
  /** The most important first. */
  victims: PodInfo[];
  /** How many of them their budgets do not allow to go. */
  violations: number;
}

/** Nodes that are tried: a tenth, but a hundred at least. Source: DefaultPreemptionArgs. */
export const DEFAULT_LIMITS: PreemptionLimits = { minCandidateNodesPercentage: 10, minCandidateNodesAbsolute: 100 };

/** Source: kube-scheduler's DefaultPreemption plugin. `resolvable`: nodes that rejected the pod for what others use. */
export function planPreemption(
  pod: PodInfo,
  resolvable: readonly NodeInfo[],
  snapshot: Snapshot,
  plugins: readonly Plugin[],
  budgets: readonly Stored<PodDisruptionBudget>[],
  limits: PreemptionLimits = DEFAULT_LIMITS,
): Preemption {
  const why = notEligible(pod, snapshot);
  if (why) return { message: why };
  const share = Math.floor((resolvable.length * limits.minCandidateNodesPercentage) / 100);
  const enough = Math.max(limits.minCandidateNodesAbsolute, share);
  const candidates: Candidate[] = [];
  for (const node of resolvable) {
    if (candidates.length >= enough) break;
    const candidate = victimsOn(node, pod, snapshot, plugins, budgets);
    if (candidate) candidates.push(candidate);
  }
  const best = candidates.sort(compareCandidates)[0];
  if (best) return { node: best.node.name, victims: best.victims };
  return { message: noUse(snapshot.nodes().length, resolvable.length) };
}

function notEligible(pod: PodInfo, snapshot: Snapshot): string | undefined {
  if (pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const nominated = snapshot.nominatedNode(pod.uid);
  const leaving = [...(snapshot.node(nominated ?? '')?.pods.values() ?? [])];
  if (!leaving.some((other) => other.terminating && other.priority < pod.priority)) return undefined;
  return 'not eligible due to a terminating pod on the nominated node.';
}

function noUse(nodes: number, tried: number): string {
  const reasons = [
    ...(tried > 0 ? [`${tried} No preemption victims found for incoming pod`] : []),
    ...(nodes > tried ? [`${nodes - tried} Preemption is not helpful for scheduling`] : []),
  ];
  return `0/${nodes} nodes are available: ${reasons.join(', ')}.`;
}

/** Takes all less important pods away, then gives back as many as fit, the most important first. */
function victimsOn(
  node: NodeInfo,
  pod: PodInfo,
  snapshot: Snapshot,
  plugins: readonly Plugin[],
  budgets: readonly Stored<PodDisruptionBudget>[],
): Candidate | undefined {
  const lower = [...node.pods.values()].filter((other) => other.priority < pod.priority).sort(byImportance);
  if (lower.length === 0) return undefined;
  const restore = snapshot.withdraw(lower.map(({ uid }) => uid));
  try {
    if (!fits(pod, node, snapshot, plugins)) return undefined;
    const { violating, others } = splitByBudget(lower, budgets);
    const reprieved = (victim: PodInfo) => {
      restore(victim.uid);
      if (fits(pod, node, snapshot, plugins)) return true;
      snapshot.withdraw([victim.uid]);
      return false;
    };
    const violations = violating.filter((victim) => !reprieved(victim));
    const victims = [...violations, ...others.filter((victim) => !reprieved(victim))].sort(byImportance);
    return victims.length > 0 ? { node, victims, violations: violations.length } : undefined;
  } finally {
    for (const { uid } of lower) restore(uid);
  }
}

const startedMs = ({ pod }: PodInfo): number => timeMs(pod.status?.startTime ?? pod.metadata.creationTimestamp);
const byImportance = (a: PodInfo, b: PodInfo): number => b.priority - a.priority || startedMs(a) - startedMs(b);

/** Each budget lets so many of its pods go; those beyond violate it. */
function splitByBudget(pods: readonly PodInfo[], budgets: readonly Stored<PodDisruptionBudget>[]) {
  const left = new Map(budgets.map((budget) => [budget, budget.status?.disruptionsAllowed ?? 0]));
  const violating: PodInfo[] = [];
  const others: PodInfo[] = [];
  for (const pod of pods) {
    const own = budgets.filter(
      ({ metadata, spec }) =>
        metadata.namespace === pod.namespace && fromLabelSelector(spec?.selector).matches(pod.labels),
    );
    for (const budget of own) left.set(budget, left.get(budget)! - 1);
    (own.some((budget) => left.get(budget)! < 0) ? violating : others).push(pod);
  }
  return { violating, others };
}

/** Fewest broken budgets, least important victims, fewest, youngest. Source: pickOneNodeForPreemption. */
function compareCandidates(a: Candidate, b: Candidate): number {
  const sum = ({ victims }: Candidate) => victims.reduce((total, { priority }) => total + priority + 2 ** 31, 0);
  const youngest = ({ victims }: Candidate) => {
    const top = victims[0]!.priority;
    return Math.min(...victims.filter(({ priority }) => priority === top).map(startedMs));
  };
  return (
    a.violations - b.violations ||
    a.victims[0]!.priority - b.victims[0]!.priority ||
    sum(a) - sum(b) ||
    a.victims.length - b.victims.length ||
    youngest(b) - youngest(a)
  );
}
