import type { Stored } from '../../../lib/api/object.ts';
import { parseQuantity } from '../../../lib/api/quantity.ts';
import { parseLabelSelector } from '../../../lib/api/selectors.ts';
import { StatusError } from '../../../lib/api/status.ts';
import type {
  AutoscalingHorizontalPodAutoscaler as HorizontalPodAutoscaler,
  HPAScalingRules,
  Pod,
  Scale,
} from '../../../lib/api/types.ts';
import type { Client } from '../../../lib/client/client.ts';
import { bound, type History } from './behavior.ts';
import type { Draft } from './draft.ts';
import { type Computed, computeMetric, MetricFailure, readUsage } from './metrics.ts';

export interface DecisionContext {
  /** Of the namespace. */
  pods: readonly Stored<Pod>[];
  scale: Stored<Scale>;
  client: Client;
  now: number;
  history: History;
  draft: Draft;
}

export interface Decision {
  /** Absent: nothing could be decided. */
  replicas?: number;
  why: string;
  event?: { reason: string; message: string };
}

/** kube-controller-manager's --horizontal-pod-autoscaler-tolerance. */
const TOLERANCE = 0.1;

/** How many replicas there should be, and why; conditions and metrics go into the draft. */
export async function decide(autoscaler: Stored<HorizontalPodAutoscaler>, context: DecisionContext): Promise<Decision> {
  const { minReplicas: min = 1, maxReplicas: max, behavior } = autoscaler.spec;
  const { scale, draft, history, now } = context;
  const current = scale.spec?.replicas ?? 0;
  if (current === 0 && min !== 0) {
    draft.inactive('ScalingDisabled', 'scaling is disabled since the replica count of the target is zero');
    return { replicas: 0, why: '' };
  }
  if (current > max) return { replicas: max, why: 'Current number of replicas above Spec.MaxReplicas' };
  if (current < min) return { replicas: min, why: 'Current number of replicas below Spec.MinReplicas' };
  const wish = await fromMetrics(autoscaler, current, context);
  if ('failure' in wish) {
    return { why: '', event: { reason: 'FailedComputeMetricsReplicas', message: wish.failure } };
  }
  const bounded = bound({ current, desired: wish.replicas, min, max, behavior }, history, now);
  draft.bounded(bounded);
  const why = bounded.replicas > current ? `${wish.name} above target` : 'All metrics below target';
  return { replicas: bounded.replicas, why };
}

type Wish = { replicas: number; name: string } | { failure: string };

/** The largest that a metric asks for. A metric that fails keeps from scaling down. Source: computeReplicasForMetrics. */
async function fromMetrics(
  autoscaler: Stored<HorizontalPodAutoscaler>,
  current: number,
  context: DecisionContext,
): Promise<Wish> {
  const { draft, scale } = context;
  const selector = scale.status?.selector;
  if (!selector) {
    const message = "the HPA target's scale is missing a selector";
    draft.inactive('InvalidSelector', message);
    return { failure: message };
  }
  const { computed, failures } = await computeAll(autoscaler, current, selector, context);
  draft.status.currentMetrics = computed.map(({ status }) => status);
  const best = computed.reduce<Computed | undefined>(
    (most, one) => (!most || one.proposal.replicas > most.proposal.replicas ? one : most),
    undefined,
  );
  const [failure] = failures;
  if (failure && (!best || best.proposal.replicas < current)) {
    draft.inactive(failure.reason, `the HPA was unable to compute the replica count: ${failure.message}`);
    const total = computed.length + failures.length;
    return {
      failure: `invalid metrics (${failures.length} invalid out of ${total}), first error is: ${failure.message}`,
    };
  }
  const name = best?.name ?? '';
  draft.active('ValidMetricFound', `the HPA was able to successfully calculate a replica count from ${name}`);
  return { replicas: best?.proposal.replicas ?? current, name };
}

async function computeAll(
  { spec, metadata }: Stored<HorizontalPodAutoscaler>,
  currentReplicas: number,
  selector: string,
  { client, pods, now }: DecisionContext,
): Promise<{ computed: Computed[]; failures: MetricFailure[] }> {
  const matcher = parseLabelSelector(selector);
  const tolerances = {
    toleranceUp: toleranceOf(spec.behavior?.scaleUp),
    toleranceDown: toleranceOf(spec.behavior?.scaleDown),
  };
  const selected = pods.filter((pod) => matcher.matches(pod.metadata.labels));
  const computed: Computed[] = [];
  const failures: MetricFailure[] = [];
  const usage = await readUsage(client, metadata.namespace!, selector).catch(unavailable);
  for (const metric of spec.metrics ?? []) {
    try {
      if (usage instanceof MetricFailure) throw usage;
      computed.push(computeMetric(metric, { usage, pods: selected, currentReplicas, now, ...tolerances }));
    } catch (error) {
      if (!(error instanceof MetricFailure)) throw error;
      failures.push(error);
    }
  }
  return { computed, failures };
}

function unavailable(error: unknown): MetricFailure {
  if (!(error instanceof StatusError)) throw error;
  const message = `failed to get resource metrics: unable to fetch metrics from resource metrics API: ${error.message}`;
  return new MetricFailure('FailedGetResourceMetric', message);
}

function toleranceOf(rules: HPAScalingRules | undefined): number {
  return rules?.tolerance === undefined ? TOLERANCE : parseQuantity(String(rules.tolerance)).toNumber();
}
