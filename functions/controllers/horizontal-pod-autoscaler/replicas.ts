import type { Stored } from '../../../lib/api/object.ts';
import { amount } from '../../../lib/api/scheduling/pod-requests.ts';
import type { Container, Pod } from '../../../lib/api/types.ts';
import { groupPods, type PodMetric } from './pods.ts';

export interface Proposal {
  replicas: number;
  /** Per cent of what is requested; only of a target that is a utilization. */
  utilization?: number;
  /** The mean of a pod: thousandths of a core, or bytes. */
  averageValue: number;
}

export interface Measured {
  pods: readonly Stored<Pod>[];
  metrics: ReadonlyMap<string, PodMetric>;
  currentReplicas: number;
  now: number;
  /** How far from the target is still on it: 0.1. */
  toleranceUp: number;
  toleranceDown: number;
}

/** Why no number of replicas can be told; the text goes into the condition. */
export class NoProposal extends Error {}

/** A pod without a measurement is taken to be this busy when that keeps from scaling down: all it asked for. */
const FULL_PERCENT = 100;

/** For a target that is a share of the requests. Source: GetResourceReplicas in replica_calculator.go. */
export function byUtilization(measured: Measured, resource: string, targetPercent: number, container = ''): Proposal {
  const requests = requestsOf(measured.pods, resource, container);
  const of = (values: ReadonlyMap<string, number>) => {
    const named = [...values].filter(([name]) => requests.has(name));
    const requested = named.reduce((sum, [name]) => sum + requests.get(name)!, 0);
    if (requested === 0) throw new NoProposal('no metrics returned matched known pods');
    const total = named.reduce((sum, [, value]) => sum + value, 0);
    const utilization = Math.trunc((total * 100) / requested);
    return { ratio: utilization / targetPercent, utilization, averageValue: Math.trunc(total / named.length) };
  };
  const missing = (name: string, scalingDown: boolean) =>
    scalingDown ? Math.trunc((requests.get(name)! * Math.max(FULL_PERCENT, targetPercent)) / 100) : 0;
  return propose(measured, resource, of, missing);
}

/** For a target that is an amount for each pod. Source: calcPlainMetricReplicas. */
export function byAverageValue(measured: Measured, resource: string, target: number): Proposal {
  const of = (values: ReadonlyMap<string, number>) => {
    const total = [...values.values()].reduce((sum, value) => sum + value, 0);
    const averageValue = Math.trunc(total / values.size);
    return { ratio: averageValue / target, averageValue };
  };
  return propose(measured, resource, of, (_, scalingDown) => (scalingDown ? target : 0));
}

interface Usage extends Omit<Proposal, 'replicas'> {
  /** Of what is used to what is aimed at. */
  ratio: number;
}

function propose(
  measured: Measured,
  resource: string,
  usageOf: (values: ReadonlyMap<string, number>) => Usage,
  assumed: (pod: string, scalingDown: boolean) => number,
): Proposal {
  const { pods, metrics, currentReplicas, now } = measured;
  if (pods.length === 0) throw new NoProposal('no pods returned by selector while calculating replica count');
  const groups = groupPods(pods, metrics, resource, now);
  const values = new Map<string, number>();
  for (const [name, { value }] of metrics) {
    if (!groups.unready.has(name) && !groups.ignored.has(name)) values.set(name, value);
  }
  if (values.size === 0) throw new NoProposal('did not receive metrics for targeted pods (pods might be unready)');
  const { ratio, ...seen } = usageOf(values);
  const unreadyCount = groups.unready.size > 0 && ratio > 1;
  if (!unreadyCount && groups.missing.size === 0) {
    const replicas = within(ratio, measured) ? currentReplicas : Math.ceil(ratio * groups.ready);
    return { replicas, ...seen };
  }
  for (const name of groups.missing) if (ratio !== 1) values.set(name, assumed(name, ratio < 1));
  if (unreadyCount) for (const name of groups.unready) values.set(name, 0);
  const corrected = usageOf(values).ratio;
  return { replicas: afterAssumptions(ratio, corrected, values.size, measured), ...seen };
}

/** What is assumed of some pods may damp a change, but not turn it round. */
function afterAssumptions(ratio: number, corrected: number, pods: number, measured: Measured): number {
  const { currentReplicas } = measured;
  const turned = (ratio < 1 && corrected > 1) || (ratio > 1 && corrected < 1);
  if (within(corrected, measured) || turned) return currentReplicas;
  const replicas = Math.ceil(corrected * pods);
  const backwards = corrected < 1 ? replicas > currentReplicas : replicas < currentReplicas;
  return backwards ? currentReplicas : replicas;
}

function within(ratio: number, { toleranceUp, toleranceDown }: Measured): boolean {
  return 1 - toleranceDown <= ratio && ratio <= 1 + toleranceUp;
}

/** Of each pod: its containers', sidecars included, or those of the container named so. */
function requestsOf(pods: readonly Stored<Pod>[], resource: string, container: string): Map<string, number> {
  return new Map(pods.map((pod) => [pod.metadata.name!, requestOf(pod, resource, container)]));
}

function requestOf(pod: Stored<Pod>, resource: string, name: string): number {
  const sidecars = pod.spec?.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always') ?? [];
  const counted = [...(pod.spec?.containers ?? []), ...sidecars].filter((one) => !name || one.name === name);
  return counted.reduce((sum, one) => sum + containerRequest(pod, one, resource), 0);
}

function containerRequest(pod: Stored<Pod>, { name, resources }: Container, resource: string): number {
  const request = resources?.requests?.[resource];
  if (request !== undefined) return amount(resource, request);
  throw new NoProposal(`missing request for ${resource} in container ${name} of Pod ${pod.metadata.name}`);
}
