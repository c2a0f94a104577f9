import type { Stored } from '../../../lib/api/object.ts';
import { timeMs } from '../../../lib/api/time.ts';
import type { Pod } from '../../../lib/api/types.ts';
import { conditionOf } from '../conditions.ts';

/** What the resource metrics API measured of one pod: cpu in thousandths of a core, memory in bytes. */
export interface PodMetric {
  value: number;
  /** When the window of the measurement ended, and how long it was. */
  timestampMs: number;
  windowMs: number;
}

export interface PodGroups {
  ready: number;
  /** Not to be counted with their measured value: starting, or not ready yet. */
  unready: ReadonlySet<string>;
  /** Without a measurement. */
  missing: ReadonlySet<string>;
  /** Going away, or failed. */
  ignored: ReadonlySet<string>;
}

/** kube-controller-manager's --horizontal-pod-autoscaler-cpu-initialization-period and -initial-readiness-delay. */
const CPU_INITIALIZATION_MS = 300_000;
const INITIAL_READINESS_MS = 30_000;

/** Which pods count how. Source: groupPods in pkg/controller/podautoscaler/replica_calculator.go. */
export function groupPods(
  pods: readonly Stored<Pod>[],
  metrics: ReadonlyMap<string, PodMetric>,
  resource: string,
  now: number,
): PodGroups {
  const groups = { ready: 0, unready: new Set<string>(), missing: new Set<string>(), ignored: new Set<string>() };
  for (const pod of pods) {
    const { name } = pod.metadata;
    const metric = metrics.get(name!);
    if (pod.metadata.deletionTimestamp || pod.status?.phase === 'Failed') groups.ignored.add(name!);
    else if (pod.status?.phase === 'Pending') groups.unready.add(name!);
    else if (!metric) groups.missing.add(name!);
    else if (resource === 'cpu' && isStarting(pod, metric, now)) groups.unready.add(name!);
    else groups.ready++;
  }
  return groups;
}

/** The work of starting up is not load. */
function isStarting(pod: Stored<Pod>, metric: PodMetric, now: number): boolean {
  const ready = conditionOf(pod.status?.conditions, 'Ready');
  const startMs = timeMs(pod.status?.startTime);
  if (!ready || Number.isNaN(startMs)) return true;
  const changedMs = timeMs(ready.lastTransitionTime);
  if (startMs + CPU_INITIALIZATION_MS > now) {
    return ready.status === 'False' || metric.timestampMs < changedMs + metric.windowMs;
  }
  return ready.status === 'False' && startMs + INITIAL_READINESS_MS > changedMs;
}
