import type { Plugin, Rejection } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import { LEAST_ALLOCATED, type ScoringStrategy, scoreAllocation } from './scoring-strategy.ts';

const TOO_MANY_PODS: Rejection = { reason: 'Too many pods' };

/** NodeResourcesFitArgs */
export interface NodeResourcesFitArgs {
  ignoredResources: readonly string[];
  /** `example.com`: every resource before whose slash it stands. */
  ignoredResourceGroups: readonly string[];
  scoringStrategy: ScoringStrategy;
}

const DEFAULT_ARGS: NodeResourcesFitArgs = {
  ignoredResources: [],
  ignoredResourceGroups: [],
  scoringStrategy: LEAST_ALLOCATED,
};

export function nodeResourcesFitWith(args: NodeResourcesFitArgs): Plugin<true> {
  const ignored = (resource: string) =>
    args.ignoredResources.includes(resource) || args.ignoredResourceGroups.includes(resource.split('/', 1)[0]!);
  return {
    name: 'NodeResourcesFit',
    weight: 1,
    requeueOn: ['node', 'podRemoved'],
    prepare: () => true,
    filter: (_state, pod, node) => insufficient(pod, node, ignored),
    prepareScore: () => true,
    score: (_state, pod, node) => scoreAllocation(args.scoringStrategy, pod, node),
  };
}

export const nodeResourcesFit = nodeResourcesFitWith(DEFAULT_ARGS);

/** Every resource that is short, each with its own reason. Only extended resources can be ignored. */
function insufficient(pod: PodInfo, node: NodeInfo, ignored: (resource: string) => boolean): Rejection[] | undefined {
  const rejections: Rejection[] = [];
  if (node.pods.size + 1 > (node.allocatable.get('pods') ?? 0)) rejections.push(TOO_MANY_PODS);
  for (const [resource, wanted] of pod.requests) {
    if (wanted === 0 || (resource.includes('/') && ignored(resource))) continue;
    const allocatable = node.allocatable.get(resource) ?? 0;
    if (wanted <= allocatable - (node.requested.get(resource) ?? 0)) continue;
    // More than the node ever has: no removal of pods helps.
    rejections.push({ reason: `Insufficient ${resource}`, unresolvable: wanted > allocatable });
  }
  return rejections.length > 0 ? rejections : undefined;
}
