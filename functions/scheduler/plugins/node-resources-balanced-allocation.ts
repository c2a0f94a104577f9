import type { Amounts } from '../../../lib/api/scheduling/pod-requests.ts';
import { MAX_SCORE, type Plugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';

const RESOURCES = ['cpu', 'memory'];

/** Prefers nodes whose use of cpu and memory the pod brings closer together. */
export const nodeResourcesBalancedAllocation: Plugin<true> = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  requeueOn: [],
  // Pods that ask for nothing would all land on one node: kubernetes/kubernetes#129138.
  prepareScore: (pod) => (RESOURCES.some((resource) => pod.requests.get(resource)) ? true : undefined),
  score(_state, pod, node) {
    const withPod = balance(node, pod.requests);
    const without = balance(node, new Map());
    return Math.floor(MAX_SCORE / 2 + (MAX_SCORE / 2 + withPod - without) / 2);
  },
};

/** 100 less the standard deviation of the fractions in use. */
function balance(node: NodeInfo, more: Amounts): number {
  const fractions = RESOURCES.filter((resource) => node.allocatable.get(resource)).map((resource) => {
    const requested = (node.requested.get(resource) ?? 0) + (more.get(resource) ?? 0);
    return Math.min(1, requested / node.allocatable.get(resource)!);
  });
  if (fractions.length < 2) return MAX_SCORE;
  // Of two values the deviation is half their distance.
  return Math.floor((1 - Math.abs(fractions[0]! - fractions[1]!) / 2) * MAX_SCORE);
}
