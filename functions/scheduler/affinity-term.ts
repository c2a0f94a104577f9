import type { Stored } from '../../lib/api/object.ts';
import {
  fromLabelSelector,
  type LabelMatcher,
  type Labels,
  labelMatcher,
  type Requirement,
} from '../../lib/api/selectors.ts';
import type { Pod, PodAffinityTerm, WeightedPodAffinityTerm } from '../../lib/api/types.ts';

/** A term of pod (anti-)affinity, ready to match. */
export interface AffinityTerm {
  readonly topologyKey: string;
  readonly weight: number;
  /** `namespaceLabels` reads a namespace's labels, for terms with a namespaceSelector. */
  matches(pod: { namespace: string; labels: Labels }, namespaceLabels: (namespace: string) => Labels): boolean;
}

export function affinityTerms(
  pod: Stored<Pod>,
  terms: readonly (PodAffinityTerm | WeightedPodAffinityTerm)[] | undefined,
): AffinityTerm[] {
  return (terms ?? []).map((term) =>
    'podAffinityTerm' in term ? affinityTerm(pod, term.podAffinityTerm, term.weight) : affinityTerm(pod, term, 1),
  );
}

function affinityTerm(pod: Stored<Pod>, term: PodAffinityTerm, weight: number): AffinityTerm {
  const selector = withLabelKeys(pod, term);
  const namespaceSelector = term.namespaceSelector && fromLabelSelector(term.namespaceSelector);
  // Neither names nor a selector: the pod's own namespace.
  const own = !term.namespaceSelector && !term.namespaces?.length ? [pod.metadata.namespace ?? ''] : [];
  const namespaces = new Set([...(term.namespaces ?? []), ...own]);
  return {
    topologyKey: term.topologyKey,
    weight,
    matches: (other, namespaceLabels) =>
      selector.matches(other.labels) &&
      (namespaces.has(other.namespace) || namespaceSelector?.matches(namespaceLabels(other.namespace)) === true),
  };
}

/** KEP-3633: matchLabelKeys and mismatchLabelKeys take their value from the incoming pod. */
function withLabelKeys(pod: Stored<Pod>, term: PodAffinityTerm): LabelMatcher {
  const base = fromLabelSelector(term.labelSelector);
  if (!term.labelSelector) return base;
  const requirement =
    (operator: 'in' | 'notin') =>
    (key: string): Requirement[] => {
      const value = pod.metadata.labels?.[key];
      return value === undefined ? [] : [{ key, operator, values: [value] }];
    };
  const more = [
    ...(term.matchLabelKeys ?? []).flatMap(requirement('in')),
    ...(term.mismatchLabelKeys ?? []).flatMap(requirement('notin')),
  ];
  return more.length === 0 ? base : labelMatcher([...base.requirements, ...more]);
}
