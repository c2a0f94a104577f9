import { matchesNodeAffinity, matchesTerm } from '../../../lib/api/scheduling/node-selector.ts';
import type { NodeAffinity, PreferredSchedulingTerm } from '../../../lib/api/types.ts';
import { normalizeToMax, type Plugin } from '../framework.ts';

const rejection = { reason: "node(s) didn't match Pod's node affinity/selector", unresolvable: true };

const enforced = { reason: "node(s) didn't match scheduler-enforced node affinity", unresolvable: true };

/** `addedAffinity` of NodeAffinityArgs holds for every pod of the profile, beside its own. */
export function nodeAffinityWith(added: NodeAffinity | undefined): Plugin<true> {
  const required = added?.requiredDuringSchedulingIgnoredDuringExecution;
  const addedTerms = added?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const addedSpec = required && { containers: [], affinity: { nodeAffinity: added } };
  return {
    name: 'NodeAffinity',
    weight: 2,
    requeueOn: ['node'],
    prepare: ({ spec }) => (addedSpec || spec.nodeSelector || spec.affinity?.nodeAffinity ? true : undefined),
    filter(_state, pod, node) {
      if (addedSpec && !matchesNodeAffinity(addedSpec, node.node!)) return enforced;
      return matchesNodeAffinity(pod.spec, node.node!) ? undefined : rejection;
    },
    prepareScore(pod): readonly PreferredSchedulingTerm[] | undefined {
      const own = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
      return own.length + addedTerms.length > 0 ? [...addedTerms, ...own] : undefined;
    },
    score: (preferred: readonly PreferredSchedulingTerm[], _pod, node) =>
      preferred.reduce((sum, term) => sum + (preferredMatches(term, node.node!) ? term.weight : 0), 0),
    normalize: (scores) => normalizeToMax(scores, false),
  };
}

export const nodeAffinity = nodeAffinityWith(undefined);

/** Unlike a required term, an empty preferred term matches every node. */
function preferredMatches({ preference }: PreferredSchedulingTerm, node: Parameters<typeof matchesTerm>[1]): boolean {
  const empty = !preference.matchExpressions?.length && !preference.matchFields?.length;
  return empty || matchesTerm(preference, node);
}
