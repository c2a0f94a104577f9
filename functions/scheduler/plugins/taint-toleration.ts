import { tolerates, untoleratedTaint } from '../../../lib/api/scheduling/tolerations.ts';
import type { Toleration } from '../../../lib/api/types.ts';
import { normalizeToMax, type Plugin } from '../framework.ts';

const rejection = { reason: 'node(s) had untolerated taint(s)', unresolvable: true };

/** The fewer PreferNoSchedule taints a node has that the pod does not tolerate, the better. */
export const taintToleration: Plugin<true> = {
  name: 'TaintToleration',
  weight: 3,
  requeueOn: ['node'],
  prepare: () => true,
  filter(_state, pod, node) {
    const taint = untoleratedTaint(node.node?.spec?.taints, pod.spec.tolerations, ['NoSchedule', 'NoExecute']);
    return taint && rejection;
  },
  prepareScore: (pod): Toleration[] =>
    (pod.spec.tolerations ?? []).filter((toleration) => !toleration.effect || toleration.effect === 'PreferNoSchedule'),
  score: (tolerations: Toleration[], _pod, node) =>
    (node.node?.spec?.taints ?? []).filter(
      (taint) => taint.effect === 'PreferNoSchedule' && !tolerations.some((toleration) => tolerates(toleration, taint)),
    ).length,
  normalize: (scores) => normalizeToMax(scores, true),
};
