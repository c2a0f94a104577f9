import { Quantity } from '../quantity.ts';
import type { Service } from '../types.ts';
import type { Evaluator } from './evaluator.ts';

const NAMES = ['count/services', 'services', 'services.nodeports', 'services.loadbalancers'];

/** What services count against. Source: k8s.io/kubernetes/pkg/quota/v1/evaluator/core/services.go */
export const serviceEvaluator: Evaluator = {
  tracks: (name) => NAMES.includes(name),
  usage: (service) =>
    new Map([
      ['count/services', Quantity.of(1)],
      ['services', Quantity.of(1)],
      ['services.nodeports', Quantity.of(nodePorts(service))],
      ['services.loadbalancers', Quantity.of(service.spec?.type === 'LoadBalancer' ? 1 : 0)],
    ]),
  matchesScope: () => false,
};

/** Ports are counted before they are allocated: by what is asked for. */
function nodePorts({ spec }: Service): number {
  const ports = spec?.ports ?? [];
  if (spec?.type === 'NodePort') return ports.length;
  if (spec?.type !== 'LoadBalancer') return 0;
  if (spec.allocateLoadBalancerNodePorts !== false) return ports.length;
  return ports.filter(({ nodePort }) => nodePort).length;
}
