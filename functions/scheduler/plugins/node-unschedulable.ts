import { tolerates } from '../../../lib/api/scheduling/tolerations.ts';
import type { Plugin } from '../framework.ts';

const rejection = { reason: 'node(s) were unschedulable', unresolvable: true };
const TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** A cordoned node takes only pods that tolerate the taint that cordoning brings. */
export const nodeUnschedulable: Plugin<boolean> = {
  name: 'NodeUnschedulable',
  requeueOn: ['node'],
  prepare: (pod) => (pod.spec.tolerations?.some((toleration) => tolerates(toleration, TAINT)) ? undefined : true),
  filter: (_state, _pod, node) => (node.node?.spec?.unschedulable ? rejection : undefined),
};
