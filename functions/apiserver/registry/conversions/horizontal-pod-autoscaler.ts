import type { KubeObject } from '../../../../lib/api/object.ts';
import type { Conversion } from './index.ts';

/**
 * autoscaling/v1 over the autoscaling/v2 that is stored: v1 names only a CPU target; what else v2 has travels in annotations.
 * Source: pkg/apis/autoscaling/v1/conversion.go.
 */
const METRICS = 'autoscaling.alpha.kubernetes.io/metrics';
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior';
const CURRENT_METRICS = 'autoscaling.alpha.kubernetes.io/current-metrics';
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions';
const CARRIERS = [METRICS, BEHAVIOR, CURRENT_METRICS, CONDITIONS];

export const horizontalPodAutoscaler: Conversion = {
  stored: { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
  toStored(object) {
    const carried = (name: string) => parse(object.metadata?.annotations?.[name]);
    const { targetCPUUtilizationPercentage, ...spec } = object['spec'] ?? {};
    const { currentCPUUtilizationPercentage, ...status } = object['status'] ?? {};
    const cpu = targetCPUUtilizationPercentage === undefined ? [] : [cpuTarget(targetCPUUtilizationPercentage)];
    const metrics = [...cpu, ...(carried(METRICS) ?? [])];
    return {
      ...object,
      apiVersion: 'autoscaling/v2',
      metadata: { ...object.metadata, annotations: without(object.metadata?.annotations, CARRIERS) },
      spec: { ...spec, metrics: metrics.length ? metrics : undefined, behavior: carried(BEHAVIOR) },
      status: { ...status, currentMetrics: carried(CURRENT_METRICS), conditions: carried(CONDITIONS) },
    };
  },
  fromStored(object) {
    const { metrics = [], behavior, ...spec } = object['spec'] ?? {};
    const { currentMetrics, conditions, ...status } = object['status'] ?? {};
    const cpu = metrics.find(isCpuUtilization);
    const others = metrics.filter((metric: unknown) => metric !== cpu);
    const annotations = {
      ...object.metadata?.annotations,
      ...carry(METRICS, others.length ? others : undefined),
      ...carry(BEHAVIOR, behavior),
      ...carry(CURRENT_METRICS, currentMetrics),
      ...carry(CONDITIONS, conditions),
    };
    return {
      ...object,
      apiVersion: 'autoscaling/v1',
      metadata: { ...object.metadata, annotations: Object.keys(annotations).length ? annotations : undefined },
      spec: { ...spec, targetCPUUtilizationPercentage: cpu?.resource.target.averageUtilization },
      status,
    };
  },
};

function cpuTarget(averageUtilization: number): object {
  return { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } };
}

function isCpuUtilization(metric: any): boolean {
  return metric.resource?.name === 'cpu' && metric.resource.target?.averageUtilization !== undefined;
}

function carry(name: string, value: unknown): Record<string, string> {
  return value === undefined ? {} : { [name]: JSON.stringify(value) };
}

/** An annotation that is not JSON carries nothing. */
function parse(text: string | undefined): any {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function without(record: KubeObject | undefined, names: readonly string[]): Record<string, string> | undefined {
  const kept = Object.entries(record ?? {}).filter(([name]) => !names.includes(name));
  return kept.length ? (Object.fromEntries(kept) as Record<string, string>) : undefined;
}
