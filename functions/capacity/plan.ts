import type { Stored } from '../../lib/api/object.ts';
import { amounts } from '../../lib/api/scheduling/pod-requests.ts';
import type { Node } from '../../lib/api/types.ts';
import type { Plugin } from '../scheduler/framework.ts';
import { fits } from '../scheduler/plan.ts';
import type { PodInfo } from '../scheduler/pod-info.ts';
import type { Snapshot } from '../scheduler/snapshot.ts';
import type { Candidate } from './candidates.ts';

export interface Launch {
  candidate: Candidate;
  pods: PodInfo[];
}

export interface CapacityPlan {
  launches: Launch[];
  /** Pods for which no pool has a machine. */
  hopeless: PodInfo[];
}

export interface PlanInput {
  pending: readonly PodInfo[];
  /** By pool, the heaviest pool first; each the cheapest machine first. */
  pools: readonly (readonly Candidate[])[];
  /** The cluster with the nodes that are on their way. Changed by planning: the caller throws it away. */
  snapshot: Snapshot;
  plugins: readonly Plugin[];
  /** What DaemonSets will put on a new node. */
  daemons(node: Stored<Node>): readonly PodInfo[];
  /** Of a pool: how much it may still make; absent: no limit. */
  headroom(candidate: Candidate): ReadonlyMap<string, number> | undefined;
}

/** Machines tried for one round: the cheapest that are large enough; more would only cost time. */
const MAX_TRIED = 60;
/** Machines launched in one go. */
const MAX_LAUNCHES = 50;
/** What a core and a GiB are worth beside each other, in dollars an hour: how full a machine is, in money. */
const CORE = 0.033;
const GIB = 0.0045;

/**
 * The machines that the pending pods need: for what is left, again and again the machine that is cheapest for what it takes in.
 * Whether a pod fits is the scheduler's own judgement, over a node that is not there yet.
 */
export function planCapacity(input: PlanInput): CapacityPlan {
  const { snapshot, plugins } = input;
  const left = [...input.pending].sort((a, b) => b.priority - a.priority || worth(b) - worth(a));
  takeExisting(left, snapshot, plugins);
  const launches: Launch[] = [];
  const budget = new Map<string, Map<string, number>>();
  for (const candidates of input.pools) {
    while (left.length > 0 && launches.length < MAX_LAUNCHES) {
      const best = cheapest(candidates, left, input, budget);
      if (!best) break;
      keep(best, launches.length, input, budget);
      launches.push(best);
      for (const pod of best.pods) left.splice(left.indexOf(pod), 1);
    }
  }
  return { launches, hopeless: left };
}

function worth({ requests }: PodInfo): number {
  return ((requests.get('cpu') ?? 0) / 1000) * CORE + ((requests.get('memory') ?? 0) / 1024 ** 3) * GIB;
}

/** Pods that fit on a node that is there, or on its way, need no other. */
function takeExisting(left: PodInfo[], snapshot: Snapshot, plugins: readonly Plugin[]): void {
  for (const pod of [...left]) {
    const node = snapshot.nodes().find((info) => fits(pod, info, snapshot, plugins));
    if (!node) continue;
    snapshot.addPod(pod, node.name, true);
    left.splice(left.indexOf(pod), 1);
  }
}

function cheapest(
  candidates: readonly Candidate[],
  left: readonly PodInfo[],
  input: PlanInput,
  budget: Budgets,
): Launch | undefined {
  let best: Launch | undefined;
  let bestPrice = Number.POSITIVE_INFINITY;
  let tried = 0;
  for (const candidate of candidates) {
    if (tried >= MAX_TRIED) break;
    if (!withinBudget(candidate, input, budget)) continue;
    const pods = packed(candidate, left, input);
    if (pods.length === 0) continue;
    tried++;
    const price = candidate.offering.dollarsPerHour / pods.reduce((sum, pod) => sum + Math.max(worth(pod), 1e-4), 0);
    if (price >= bestPrice) continue;
    best = { candidate, pods };
    bestPrice = price;
  }
  return best;
}

/** The pods that one such machine would take, beside what DaemonSets put there. */
function packed({ node }: Candidate, left: readonly PodInfo[], input: PlanInput): PodInfo[] {
  const { snapshot, plugins } = input;
  const { name } = node.metadata;
  snapshot.setNode(node);
  const daemons = input.daemons(node);
  for (const pod of daemons) snapshot.addPod(pod, name, true);
  const info = snapshot.node(name)!;
  const pods = left.filter((pod) => {
    if (!fits(pod, info, snapshot, plugins)) return false;
    snapshot.addPod(pod, name, true);
    return true;
  });
  for (const { uid } of [...daemons, ...pods]) snapshot.removePod(uid);
  snapshot.removeNode(name);
  return pods;
}

/** From now on the machine counts: pods that come later in the plan see it and what is on it. */
function keep({ candidate, pods }: Launch, index: number, { snapshot }: PlanInput, budget: Budgets): void {
  const name = `${candidate.node.metadata.name}-${index}`;
  const labels = { ...candidate.node.metadata.labels, 'kubernetes.io/hostname': name };
  snapshot.setNode({ ...candidate.node, metadata: { ...candidate.node.metadata, name, labels } });
  for (const pod of pods) snapshot.addPod(pod, name, true);
  const pool = candidate.pool.metadata!.name!;
  const spent = budget.get(pool) ?? new Map<string, number>();
  for (const [resource, amount] of amountsOf(candidate)) spent.set(resource, (spent.get(resource) ?? 0) + amount);
  budget.set(pool, spent);
}

/** What this plan has taken of each pool's limits. */
type Budgets = Map<string, Map<string, number>>;

function withinBudget(candidate: Candidate, { headroom }: PlanInput, budget: Budgets): boolean {
  const room = headroom(candidate);
  if (!room) return true;
  const spent = budget.get(candidate.pool.metadata!.name!);
  const wanted = amountsOf(candidate);
  return [...room].every(([resource, left]) => (spent?.get(resource) ?? 0) + (wanted.get(resource) ?? 0) <= left);
}

function amountsOf({ node }: Candidate): Map<string, number> {
  return amounts(node.status?.allocatable);
}
