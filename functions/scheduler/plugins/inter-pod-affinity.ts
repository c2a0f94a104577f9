import type { AffinityTerm } from '../affinity-term.ts';
import { MAX_SCORE, type Plugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import type { Snapshot } from '../snapshot.ts';

const existingAntiAffinity = { reason: "node(s) didn't satisfy existing pods anti-affinity rules" };
const affinityNotMet = { reason: "node(s) didn't match pod affinity rules", unresolvable: true };
const antiAffinityNotMet = { reason: "node(s) didn't match pod anti-affinity rules" };

/** `topologyKey=value` → how many. */
type Domains = Map<string, number>;

interface State {
  /** Domains with a pod whose own anti-affinity refuses this one. */
  refusing: Domains;
  affinity: Domains;
  antiAffinity: Domains;
  /** The first of a group that wants to be together: it matches its own terms, and nobody else does yet. */
  first: boolean;
}

/** InterPodAffinityArgs */
export interface InterPodAffinityArgs {
  /** A required affinity term attracts with this weight too. */
  hardPodAffinityWeight: number;
  /** What pods that are there prefer counts only for pods that prefer something themselves. */
  ignorePreferredTermsOfExistingPods: boolean;
}

const DEFAULT_ARGS: InterPodAffinityArgs = { hardPodAffinityWeight: 1, ignorePreferredTermsOfExistingPods: false };

export const interPodAffinityWith = (args: InterPodAffinityArgs): Plugin<State> => ({
  name: 'InterPodAffinity',
  weight: 2,
  requeueOn: ['node', 'podRemoved', 'podAssigned', 'namespace'],
  prepare(pod, snapshot) {
    const refusing = refusingDomains(pod, snapshot);
    const wants = pod.affinity.length + pod.antiAffinity.length > 0;
    if (refusing.size === 0 && !wants) return undefined;
    return { refusing, ...(wants ? ownDomains(pod, snapshot) : NOTHING_WANTED) };
  },
  filter(state, pod, node) {
    if (pod.affinity.length > 0 && !affinityMet(state, pod, node)) return affinityNotMet;
    if (pod.antiAffinity.some((term) => state.antiAffinity.has(domainOf(term, node)))) return antiAffinityNotMet;
    for (const [key, value] of Object.entries(node.labels)) {
      if (state.refusing.has(`${key}=${value}`)) return existingAntiAffinity;
    }
    return undefined;
  },
  prepareScore: (pod, _nodes, snapshot) => attraction(pod, snapshot, args),
  score(domains: Domains, _pod, node) {
    let sum = 0;
    for (const [key, value] of Object.entries(node.labels)) sum += domains.get(`${key}=${value}`) ?? 0;
    return sum;
  },
  normalize(scores) {
    const min = Math.min(...scores);
    const span = Math.max(...scores) - min;
    for (let i = 0; i < scores.length; i++) {
      scores[i] = span > 0 ? Math.floor((MAX_SCORE * (scores[i]! - min)) / span) : 0;
    }
  },
});

export const interPodAffinity = interPodAffinityWith(DEFAULT_ARGS);

const NOTHING_WANTED = { affinity: new Map(), antiAffinity: new Map(), first: false };

function domainOf({ topologyKey }: AffinityTerm, node: NodeInfo): string {
  const value = node.labels[topologyKey];
  return value === undefined ? '' : `${topologyKey}=${value}`;
}

function increment(domains: Domains, domain: string, by: number): void {
  if (domain !== '') domains.set(domain, (domains.get(domain) ?? 0) + by);
}

function refusingDomains(pod: PodInfo, snapshot: Snapshot): Domains {
  const domains: Domains = new Map();
  for (const node of snapshot.nodes()) {
    for (const existing of node.podsWithAffinity.values()) {
      for (const term of existing.antiAffinity) {
        if (term.matches(pod, snapshot.namespaceLabels)) increment(domains, domainOf(term, node), 1);
      }
    }
  }
  return domains;
}

function ownDomains(pod: PodInfo, snapshot: Snapshot): Omit<State, 'refusing'> {
  const affinity: Domains = new Map();
  const antiAffinity: Domains = new Map();
  const matches = (term: AffinityTerm, other: PodInfo) => term.matches(other, snapshot.namespaceLabels);
  for (const node of snapshot.nodes()) {
    for (const existing of node.pods.values()) {
      // A pod counts for affinity only if it matches all terms. Source: podMatchesAllAffinityTerms.
      if (pod.affinity.length > 0 && pod.affinity.every((term) => matches(term, existing))) {
        for (const term of pod.affinity) increment(affinity, domainOf(term, node), 1);
      }
      for (const term of pod.antiAffinity) {
        if (matches(term, existing)) increment(antiAffinity, domainOf(term, node), 1);
      }
    }
  }
  const first = affinity.size === 0 && pod.affinity.every((term) => matches(term, pod));
  return { affinity, antiAffinity, first };
}

function affinityMet({ affinity, first }: State, pod: PodInfo, node: NodeInfo): boolean {
  const domains = pod.affinity.map((term) => domainOf(term, node));
  if (domains.includes('')) return false;
  return first || domains.every((domain) => affinity.has(domain));
}

/** What draws the pod to a domain, less what drives it away: its own preferences, and those of the pods that are there. */
function attraction(pod: PodInfo, snapshot: Snapshot, args: InterPodAffinityArgs): Domains | undefined {
  const domains: Domains = new Map();
  const hasPreferences = pod.preferredAffinity.length + pod.preferredAntiAffinity.length > 0;
  if (args.ignorePreferredTermsOfExistingPods && !hasPreferences) return undefined;
  const labels = snapshot.namespaceLabels;
  for (const node of snapshot.nodes()) {
    const others = hasPreferences ? node.pods : node.podsWithAffinity;
    for (const other of others.values()) {
      const pull = (terms: readonly AffinityTerm[], by: PodInfo, sign: number) => {
        for (const term of terms)
          if (term.matches(by, labels)) increment(domains, domainOf(term, node), sign * term.weight);
      };
      pull(pod.preferredAffinity, other, 1);
      pull(pod.preferredAntiAffinity, other, -1);
      pull(other.affinity, pod, args.hardPodAffinityWeight);
      pull(other.preferredAffinity, pod, 1);
      pull(other.preferredAntiAffinity, pod, -1);
    }
  }
  return domains.size > 0 ? domains : undefined;
}
