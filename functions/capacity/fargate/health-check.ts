import type { Container, Probe } from '../../../lib/api/types.ts';
import type { TaskHealthCheck } from '../../../lib/cloud/tasks.ts';
import { probes } from './container-refusals.ts';

/** What ECS takes. Source: HealthCheck of the ECS API reference. */
const LIMITS = {
  interval: [5, 300],
  timeout: [2, 60],
  retries: [1, 10],
  startPeriod: [0, 300],
} as const;

/** A container's exec probes, which run one command, as the one check that a task's container may have. */
export function healthCheck(container: Container): TaskHealthCheck | undefined {
  const [first] = probes(container);
  if (!first?.exec?.command?.length) return undefined;
  const steady = container.livenessProbe ?? container.readinessProbe ?? first;
  return {
    command: ['CMD', ...first.exec.command],
    intervalSeconds: within(LIMITS.interval, steady.periodSeconds ?? 10),
    timeoutSeconds: within(LIMITS.timeout, steady.timeoutSeconds ?? 1),
    retries: within(LIMITS.retries, steady.failureThreshold ?? 3),
    startPeriodSeconds: within(LIMITS.startPeriod, startSeconds(container.startupProbe, steady)),
  };
}

/** How long failures do not count. */
function startSeconds(startup: Probe | undefined, { initialDelaySeconds = 0 }: Probe): number {
  if (!startup) return initialDelaySeconds;
  const { initialDelaySeconds: delay = 0, periodSeconds = 10, failureThreshold = 3 } = startup;
  return delay + periodSeconds * failureThreshold;
}

function within([least, most]: readonly [number, number], value: number): number {
  return Math.min(most, Math.max(least, value));
}
