import { matchesNodeAffinity, matchesTerm } from '../../../lib/api/scheduling/node-selector.ts';
import type { PreferredSchedulingTerm } from '../../../lib/api/types.ts';
import { normalizeToMax, type Plugin } from '../framework.ts';

const rejection = { reason: "node(s) didn't match Pod's node affinity/selector", unresolvable: true };

export const nodeAffinity: Plugin<true> = {
  name: 'NodeAffinity',
  weight: 2,
  requeueOn: ['node'],
  prepare: ({ spec }) => (spec.nodeSelector || spec.affinity?.nodeAffinity ? true : undefined),
  filter: (_state, pod, node) => (matchesNodeAffinity(pod.spec, node.node!) ? undefined : rejection),
  prepareScore(pod): readonly PreferredSchedulingTerm[] | undefined {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
    return preferred?.length ? preferred : undefined;
  },
  score: (preferred: readonly PreferredSchedulingTerm[], _pod, node) =>
    preferred.reduce((sum, term) => sum + (preferredMatches(term, node.node!) ? term.weight : 0), 0),
  normalize: (scores) => normalizeToMax(scores, false),
};

/** Unlike a required term, an empty preferred term matches every node. */
function preferredMatches({ preference }: PreferredSchedulingTerm, node: Parameters<typeof matchesTerm>[1]): boolean {
  const empty = !preference.matchExpressions?.length && !preference.matchFields?.length;
  return empty || matchesTerm(preference, node);
}
