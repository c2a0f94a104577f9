import type { Amounts } from '../../../lib/api/scheduling/pod-requests.ts';
import { MAX_SCORE, type Plugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';

/** Prefers nodes whose use of the resources the pod brings closer together. */
export function nodeResourcesBalancedAllocationOf(resources: readonly string[]): Plugin<true> {
  return {
    name: 'NodeResourcesBalancedAllocation',
    weight: 1,
    requeueOn: [],
    // Pods that ask for nothing would all land on one node: kubernetes/kubernetes#129138.
    prepareScore: (pod) => (resources.some((resource) => pod.requests.get(resource)) ? true : undefined),
    score(_state, pod, node) {
      const withPod = balance(resources, node, pod.requests);
      const without = balance(resources, node, new Map());
      return Math.floor(MAX_SCORE / 2 + (MAX_SCORE / 2 + withPod - without) / 2);
    },
  };
}

export const nodeResourcesBalancedAllocation = nodeResourcesBalancedAllocationOf(['cpu', 'memory']);

/** 100 less the standard deviation of the fractions in use. */
function balance(resources: readonly string[], node: NodeInfo, more: Amounts): number {
  const fractions = resources
    .filter((resource) => node.allocatable.get(resource))
    .map((resource) => {
      const requested = (node.requested.get(resource) ?? 0) + (more.get(resource) ?? 0);
      return Math.min(1, requested / node.allocatable.get(resource)!);
    });
  if (fractions.length < 2) return MAX_SCORE;
  return Math.floor((1 - standardDeviation(fractions)) * MAX_SCORE);
}

function standardDeviation(values: readonly number[]): number {
  // Of two values it is half their distance: without rounding on the way.
  if (values.length === 2) return Math.abs(values[0]! - values[1]!) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
