import { MAX_SCORE } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';

/** `resources` of KubeSchedulerConfiguration: what is scored, and how much it counts. */
export interface ScoredResource {
  name: string;
  weight: number;
}

/** NodeResourcesFitArgs' scoringStrategy, with its defaults. Shape: utilization in per cent, score of 0 to 10. */
export type ScoringStrategy =
  | { type: 'LeastAllocated'; resources: readonly ScoredResource[] }
  | { type: 'MostAllocated'; resources: readonly ScoredResource[] }
  | { type: 'RequestedToCapacityRatio'; resources: readonly ScoredResource[]; shape: readonly ShapePoint[] };

export interface ShapePoint {
  utilization: number;
  score: number;
}

export const CPU_AND_MEMORY: readonly ScoredResource[] = [
  { name: 'cpu', weight: 1 },
  { name: 'memory', weight: 1 },
];

export const LEAST_ALLOCATED: ScoringStrategy = { type: 'LeastAllocated', resources: CPU_AND_MEMORY };

/** Resources beyond these count only for pods that ask for them. Source: IsScalarResourceName. */
const NATIVE = ['cpu', 'memory', 'ephemeral-storage'];
/** MaxCustomPriorityScore */
const MAX_SHAPE_SCORE = 10;

/** 0 to 100. Source: plugins/noderesources/{least_allocated,most_allocated,requested_to_capacity_ratio}.go. */
export function scoreAllocation(strategy: ScoringStrategy, pod: PodInfo, node: NodeInfo): number {
  let sum = 0;
  let weights = 0;
  for (const { name, weight } of strategy.resources) {
    const allocatable = node.allocatable.get(name) ?? 0;
    const wanted = pod.scoredRequests.get(name) ?? 0;
    if (allocatable === 0 || (wanted === 0 && !NATIVE.includes(name))) continue;
    const score = scoreOne(strategy, (node.scored.get(name) ?? 0) + wanted, allocatable);
    // Upstream leaves resources without a score out of the ratio's mean.
    if (strategy.type === 'RequestedToCapacityRatio' && score <= 0) continue;
    sum += score * weight;
    weights += weight;
  }
  if (weights === 0) return 0;
  return strategy.type === 'RequestedToCapacityRatio' ? Math.round(sum / weights) : Math.floor(sum / weights);
}

function scoreOne(strategy: ScoringStrategy, requested: number, allocatable: number): number {
  if (strategy.type === 'LeastAllocated') {
    return requested > allocatable ? 0 : Math.floor(((allocatable - requested) * MAX_SCORE) / allocatable);
  }
  const utilization = Math.floor((Math.min(requested, allocatable) * 100) / allocatable);
  return strategy.type === 'MostAllocated' ? utilization : brokenLinear(strategy.shape, utilization);
}

/** Straight lines between the points. Source: helper.BuildBrokenLinearFunction. */
function brokenLinear(shape: readonly ShapePoint[], utilization: number): number {
  const points = shape.map((point) => ({ ...point, score: point.score * (MAX_SCORE / MAX_SHAPE_SCORE) }));
  const next = points.findIndex((point) => utilization <= point.utilization);
  if (next < 0) return points.at(-1)!.score;
  const to = points[next]!;
  const from = points[next - 1];
  if (!from) return to.score;
  const share = ((to.score - from.score) * (utilization - from.utilization)) / (to.utilization - from.utilization);
  return from.score + Math.trunc(share);
}
