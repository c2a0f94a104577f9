import { MAX_SCORE, type Plugin, type Rejection } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';

const TOO_MANY_PODS: Rejection = { reason: 'Too many pods' };
/** Scored resources, of equal weight: kube-scheduler's default LeastAllocated strategy. */
const SCORED = ['cpu', 'memory'];

export const nodeResourcesFit: Plugin<true> = {
  name: 'NodeResourcesFit',
  weight: 1,
  requeueOn: ['node', 'podRemoved'],
  prepare: () => true,
  filter: (_state, pod, node) => insufficient(pod, node),
  prepareScore: () => true,
  score: (_state, pod, node) => leastAllocated(pod, node),
};

/** Every resource that is short, each with its own reason. */
export function insufficient(pod: PodInfo, node: NodeInfo): Rejection[] | undefined {
  const rejections: Rejection[] = [];
  if (node.pods.size + 1 > (node.allocatable.get('pods') ?? 0)) rejections.push(TOO_MANY_PODS);
  for (const [resource, wanted] of pod.requests) {
    if (wanted === 0) continue;
    const allocatable = node.allocatable.get(resource) ?? 0;
    if (wanted <= allocatable - (node.requested.get(resource) ?? 0)) continue;
    // More than the node ever has: no removal of pods helps.
    rejections.push({ reason: `Insufficient ${resource}`, unresolvable: wanted > allocatable });
  }
  return rejections.length > 0 ? rejections : undefined;
}

function leastAllocated(pod: PodInfo, node: NodeInfo): number {
  let sum = 0;
  let weights = 0;
  for (const resource of SCORED) {
    const allocatable = node.allocatable.get(resource) ?? 0;
    if (allocatable === 0) continue;
    const requested = (node.scored.get(resource) ?? 0) + (pod.scoredRequests.get(resource) ?? 0);
    sum += requested > allocatable ? 0 : Math.floor(((allocatable - requested) * MAX_SCORE) / allocatable);
    weights++;
  }
  return weights === 0 ? 0 : Math.floor(sum / weights);
}
