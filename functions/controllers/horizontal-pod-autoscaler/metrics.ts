import { parseDuration } from '../../../lib/api/duration.ts';
import type { Stored } from '../../../lib/api/object.ts';
import { Quantity } from '../../../lib/api/quantity.ts';
import { amount } from '../../../lib/api/scheduling/pod-requests.ts';
import { timeMs } from '../../../lib/api/time.ts';
import type { MetricSpec, MetricStatus, Pod } from '../../../lib/api/types.ts';
import type { Client } from '../../../lib/client/client.ts';
import { query } from '../../../lib/client/path.ts';
import type { PodMetric } from './pods.ts';
import { byAverageValue, byUtilization, type Measured, NoProposal, type Proposal } from './replicas.ts';

/** metrics.k8s.io/v1beta1. Source: k8s.io/metrics/pkg/apis/metrics/v1beta1/types.go. */
interface PodMetrics {
  metadata: { name: string };
  timestamp: string;
  window: string;
  containers: { name: string; usage: Record<string, string> }[];
}

const NANOSECONDS_PER_MS = 1e6;

/** The measurements of the pods that a selector names, all at once: several metrics of one autoscaler share them. */
export type PodUsage = readonly PodMetrics[];

export async function readUsage(client: Client, namespace: string, labelSelector: string): Promise<PodUsage> {
  const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods${query({ labelSelector })}`;
  const { items } = await client.getPath(path);
  return items;
}

export interface MetricContext extends Omit<Measured, 'metrics' | 'pods'> {
  usage: PodUsage;
  pods: readonly Stored<Pod>[];
}

export interface Computed {
  proposal: Proposal;
  /** What the reason of a scaling calls it. */
  name: string;
  status: MetricStatus;
}

/** Why a metric gave nothing: ScalingActive's reason and message. */
export class MetricFailure extends Error {
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Throws MetricFailure. Pods, Object and External metrics need an adapter's API, which is not there unless somebody serves it. */
export function computeMetric(metric: MetricSpec, context: MetricContext): Computed {
  if (metric.type === 'Resource') return computeResource(metric.resource!, '', context);
  if (metric.type === 'ContainerResource') {
    return computeResource(metric.containerResource!, metric.containerResource!.container, context);
  }
  const api = metric.type === 'External' ? 'external.metrics.k8s.io' : 'custom.metrics.k8s.io';
  const what = metric.type === 'Pods' ? 'pods' : metric.type === 'Object' ? 'object' : 'external';
  const message = `failed to get ${what} metric value: unable to fetch metrics from ${api}: no adapter serves this API`;
  throw new MetricFailure(`FailedGet${metric.type}Metric`, message);
}

interface ResourceSource {
  name: string;
  container?: string;
  target: { averageUtilization?: number | undefined; averageValue?: unknown };
}

function computeResource(source: ResourceSource, container: string, context: MetricContext): Computed {
  const { name: resource, target } = source;
  const utilization = target.averageUtilization !== undefined;
  const kind = container ? 'container resource' : 'resource';
  const reason = container ? 'FailedGetContainerResourceMetric' : 'FailedGetResourceMetric';
  try {
    const measured = { ...context, metrics: metricsOf(context.usage, resource, container) };
    const proposal = utilization
      ? byUtilization(measured, resource, target.averageUtilization!, container)
      : byAverageValue(measured, resource, amount(resource, target.averageValue));
    const name = utilization ? `${resource} ${kind} utilization (percentage of request)` : `${resource} ${kind}`;
    return { proposal, name, status: statusOf(source, container, proposal) };
  } catch (error) {
    if (!(error instanceof NoProposal)) throw error;
    const what = utilization ? `${resource} utilization` : `${resource} usage`;
    throw new MetricFailure(reason, `failed to get ${what}: ${error.message}`);
  }
}

/** A pod counts only when all of its containers were measured. Source: getPodMetrics in podautoscaler/metrics/client.go. */
function metricsOf(usage: PodUsage, resource: string, container: string): Map<string, PodMetric> {
  if (usage.length === 0) {
    const message = `unable to get metrics for resource ${resource}: no metrics returned from resource metrics API`;
    throw new NoProposal(message);
  }
  const found = new Map<string, PodMetric>();
  for (const { metadata, timestamp, window, containers } of usage) {
    const counted = containers.filter(({ name }) => !container || name === container);
    if (counted.length === 0 || counted.some((one) => one.usage[resource] === undefined)) continue;
    const value = counted.reduce((sum, one) => sum + amount(resource, one.usage[resource]), 0);
    found.set(metadata.name, {
      value,
      timestampMs: timeMs(timestamp),
      windowMs: (parseDuration(window) ?? 0) / NANOSECONDS_PER_MS,
    });
  }
  return found;
}

function statusOf({ name }: ResourceSource, container: string, proposal: Proposal): MetricStatus {
  const value = name === 'cpu' ? Quantity.milli(proposal.averageValue) : Quantity.of(proposal.averageValue);
  const current = {
    averageValue: value.toString(),
    ...(proposal.utilization === undefined ? {} : { averageUtilization: proposal.utilization }),
  };
  return container
    ? { type: 'ContainerResource', containerResource: { name, container, current } }
    : { type: 'Resource', resource: { name, current } };
}
