import type { Plugin } from '../framework.ts';
import type { HostPort } from '../pod-info.ts';

const rejection = { reason: "node(s) didn't have free ports for the requested pod ports" };

export const nodePorts: Plugin<readonly HostPort[]> = {
  name: 'NodePorts',
  requeueOn: ['node', 'podRemoved'],
  prepare: (pod) => (pod.hostPorts.length > 0 ? pod.hostPorts : undefined),
  filter: (ports, _pod, node) => (ports.some((port) => node.portTaken(port)) ? rejection : undefined),
};
