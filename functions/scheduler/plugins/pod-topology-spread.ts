import { matchesNodeAffinity } from '../../../lib/api/scheduling/node-selector.ts';
import { untoleratedTaint } from '../../../lib/api/scheduling/tolerations.ts';
import { fromLabelSelector, type LabelMatcher, labelMatcher } from '../../../lib/api/selectors.ts';
import type { TopologySpreadConstraint } from '../../../lib/api/types.ts';
import { MAX_SCORE, type Plugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import type { Snapshot } from '../snapshot.ts';

const NOT_MATCH = "node(s) didn't match pod topology spread constraints";
const violated = { reason: NOT_MATCH };
const labelMissing = { reason: `${NOT_MATCH} (missing required label)`, unresolvable: true };

/** Which pods a pod's services and controllers select: what the default constraints spread. Empty: nothing selects it. */
export type DefaultSelector = (pod: PodInfo) => LabelMatcher;

const HOSTNAME = 'kubernetes.io/hostname';
/** kube-scheduler's system defaults. */
const SYSTEM_DEFAULTS: readonly TopologySpreadConstraint[] = [
  { maxSkew: 3, topologyKey: HOSTNAME, whenUnsatisfiable: 'ScheduleAnyway' },
  { maxSkew: 5, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
];

/** PodTopologySpreadArgs with defaultingType List: these hold for pods with none of their own. */
export type DefaultConstraints = readonly TopologySpreadConstraint[];

interface Constraint {
  topologyKey: string;
  maxSkew: number;
  minDomains: number;
  selector: LabelMatcher;
  /** Whether pods on the node count. */
  includes(node: NodeInfo): boolean;
}

interface Required extends Constraint {
  counts: Map<string, number>;
  minimum: number;
  selfMatch: number;
}

interface Preferred extends Constraint {
  counts: Map<string, number>;
  byNode: ReadonlyMap<string, number>;
  weight: number;
}

interface ScoreState {
  constraints: Preferred[];
  ignored: Set<string>;
}

interface Defaults {
  selector: DefaultSelector;
  constraints: DefaultConstraints;
}

/** Without a list the system's constraints are the default. */
export function podTopologySpread(selector: DefaultSelector, list?: DefaultConstraints): Plugin<Required[]> {
  const defaults = { selector, constraints: list ?? SYSTEM_DEFAULTS };
  return {
    name: 'PodTopologySpread',
    weight: 2,
    requeueOn: ['node', 'podRemoved', 'podAssigned'],
    prepare(pod, snapshot) {
      const constraints = effectiveConstraints(pod, 'DoNotSchedule', defaults);
      return constraints.length > 0 ? required(constraints, pod, snapshot) : undefined;
    },
    filter: (constraints, _pod, node) => violation(constraints, node),
    prepareScore: (pod, nodes, snapshot) => prepareScore(pod, nodes, snapshot, defaults),
    score: (state: ScoreState, _pod, node) => score(state, node),
    normalize: (scores, state: ScoreState, nodes) => normalize(scores, state, nodes),
  };
}

function constraintsOf(
  pod: PodInfo,
  constraints: readonly TopologySpreadConstraint[] | undefined,
  action: string,
): Constraint[] {
  return (constraints ?? [])
    .filter((constraint) => constraint.whenUnsatisfiable === action)
    .map((constraint) => ({
      topologyKey: constraint.topologyKey,
      maxSkew: constraint.maxSkew,
      minDomains: constraint.minDomains ?? 1,
      selector: selectorOf(pod, constraint),
      includes: (node) => includes(pod, constraint, node),
    }));
}

/** KEP-3243: matchLabelKeys take their value from the incoming pod. */
function selectorOf(pod: PodInfo, constraint: TopologySpreadConstraint): LabelMatcher {
  const base = fromLabelSelector(constraint.labelSelector);
  const more = (constraint.matchLabelKeys ?? []).flatMap((key) => {
    const value = pod.labels[key];
    return value === undefined ? [] : [{ key, operator: 'in' as const, values: [value] }];
  });
  return more.length === 0 || !constraint.labelSelector ? base : labelMatcher([...base.requirements, ...more]);
}

/** KEP-3094: nodes the pod could never be on count only if the policy says so. */
function includes(pod: PodInfo, constraint: TopologySpreadConstraint, { node }: NodeInfo): boolean {
  if ((constraint.nodeAffinityPolicy ?? 'Honor') === 'Honor' && !matchesNodeAffinity(pod.spec, node!)) return false;
  if (constraint.nodeTaintsPolicy !== 'Honor') return true;
  return !untoleratedTaint(node!.spec?.taints, pod.spec.tolerations, ['NoSchedule', 'NoExecute']);
}

const hasAllKeys = (node: NodeInfo, constraints: readonly Constraint[]) =>
  constraints.every(({ topologyKey }) => node.labels[topologyKey] !== undefined);

function required(constraints: Constraint[], pod: PodInfo, snapshot: Snapshot): Required[] {
  const nodes = snapshot.nodes().filter((node) => hasAllKeys(node, constraints));
  return constraints.map((constraint) => {
    const counts = countByDomain(constraint, pod.namespace, nodes, snapshot);
    // Too few domains: the emptiest counts as empty (KEP-3022).
    const minimum = counts.size < constraint.minDomains ? 0 : Math.min(...counts.values());
    const selfMatch = constraint.selector.matches(pod.labels) ? 1 : 0;
    return { ...constraint, counts, minimum: Number.isFinite(minimum) ? minimum : 0, selfMatch };
  });
}

function countByDomain(
  constraint: Constraint,
  namespace: string,
  nodes: readonly NodeInfo[],
  snapshot: Snapshot,
): Map<string, number> {
  const byNode = countMatching(constraint, namespace, snapshot);
  const counts = new Map<string, number>();
  for (const node of nodes) {
    if (!constraint.includes(node)) continue;
    const domain = node.labels[constraint.topologyKey]!;
    counts.set(domain, (counts.get(domain) ?? 0) + (byNode.get(node.name) ?? 0));
  }
  return counts;
}

/** A selector that selects everything counts nothing here. Source: countPodsMatchSelector. */
function countMatching({ selector }: Constraint, namespace: string, snapshot: Snapshot): ReadonlyMap<string, number> {
  return selector.empty ? new Map() : snapshot.matching(namespace, selector);
}

function violation(constraints: readonly Required[], node: NodeInfo) {
  for (const { topologyKey, counts, minimum, selfMatch, maxSkew } of constraints) {
    const domain = node.labels[topologyKey];
    if (domain === undefined) return labelMissing;
    if ((counts.get(domain) ?? 0) + selfMatch - minimum > maxSkew) return violated;
  }
  return undefined;
}

function prepareScore(
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  snapshot: Snapshot,
  defaults: Defaults,
): ScoreState | undefined {
  const constraints = effectiveConstraints(pod, 'ScheduleAnyway', defaults);
  if (constraints.length === 0) return undefined;
  // With the system's own constraints a node may lack a zone and is spread by host name all the same.
  const requireKey = hasOwnConstraints(pod) || defaults.constraints !== SYSTEM_DEFAULTS;
  const lacking = requireKey ? nodes.filter((node) => !hasAllKeys(node, constraints)) : [];
  const ignored = new Set(lacking.map(({ name }) => name));
  const candidates = nodes.filter((node) => !ignored.has(node.name));
  return { constraints: constraints.map((c) => preferred(c, pod, candidates, snapshot, requireKey)), ignored };
}

const hasOwnConstraints = ({ spec }: PodInfo): boolean => (spec.topologySpreadConstraints?.length ?? 0) > 0;

/** A pod's own, or else the default ones over what its services and controllers select. */
function effectiveConstraints(pod: PodInfo, action: string, defaults: Defaults): Constraint[] {
  if (hasOwnConstraints(pod)) return constraintsOf(pod, pod.spec.topologySpreadConstraints, action);
  const wanted = defaults.constraints.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action);
  if (wanted.length === 0) return [];
  const selector = defaults.selector(pod);
  if (selector.empty) return [];
  return constraintsOf(pod, wanted, action).map((constraint) => ({ ...constraint, selector }));
}

function preferred(
  constraint: Constraint,
  pod: PodInfo,
  candidates: readonly NodeInfo[],
  snapshot: Snapshot,
  requireKey: boolean,
): Preferred {
  const { topologyKey } = constraint;
  const byNode = countMatching(constraint, pod.namespace, snapshot);
  if (topologyKey === HOSTNAME) {
    return { ...constraint, byNode, counts: new Map(), weight: Math.log(candidates.length + 2) };
  }
  const counts = new Map(candidates.map((node) => [node.labels[topologyKey] ?? '', 0]));
  for (const node of snapshot.nodes()) {
    const domain = node.labels[topologyKey];
    if ((requireKey && domain === undefined) || !constraint.includes(node)) continue;
    const count = counts.get(domain ?? '');
    if (count !== undefined) counts.set(domain ?? '', count + (byNode.get(node.name) ?? 0));
  }
  return { ...constraint, byNode, counts, weight: Math.log(counts.size + 2) };
}

function score({ constraints, ignored }: ScoreState, node: NodeInfo): number {
  if (ignored.has(node.name)) return 0;
  let sum = 0;
  for (const { topologyKey, counts, byNode, weight, maxSkew } of constraints) {
    const domain = node.labels[topologyKey];
    if (domain === undefined) continue;
    const count = topologyKey === HOSTNAME ? byNode.get(node.name) : counts.get(domain);
    sum += (count ?? 0) * weight + (maxSkew - 1);
  }
  return Math.round(sum);
}

/** Few pods score high; ignored nodes score 0. */
function normalize(scores: number[], { ignored }: ScoreState, nodes: readonly NodeInfo[]): void {
  const counted = scores.filter((_, i) => !ignored.has(nodes[i]!.name));
  const min = Math.min(...counted);
  const max = Math.max(0, ...counted);
  for (let i = 0; i < scores.length; i++) {
    if (ignored.has(nodes[i]!.name)) scores[i] = 0;
    else scores[i] = max === 0 ? MAX_SCORE : Math.floor((MAX_SCORE * (max + min - scores[i]!)) / max);
  }
}
