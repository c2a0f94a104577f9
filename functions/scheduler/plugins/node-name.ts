import type { Plugin } from '../framework.ts';

const rejection = { reason: "node(s) didn't match the requested node name", unresolvable: true };

export const nodeName: Plugin<string> = {
  name: 'NodeName',
  requeueOn: ['node'],
  prepare: (pod) => pod.spec.nodeName || undefined,
  filter: (name, _pod, node) => (node.name === name ? undefined : rejection),
};
