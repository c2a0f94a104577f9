import { ClusterError } from './error.ts';

/** How long pods may take to end when their node goes down, and what of it is kept for critical ones. As kubelet's shutdownGracePeriod. */
export interface ShutdownGrace {
  totalMs: number;
  criticalMs: number;
}

export const DEFAULT_SHUTDOWN_GRACE: ShutdownGrace = { totalMs: 30_000, criticalMs: 10_000 };

/** What is not asked for stays as it is. Source: ValidateKubeletConfiguration. */
export function shutdownGrace(
  totalMs: number | undefined,
  criticalMs: number | undefined,
  known: ShutdownGrace = DEFAULT_SHUTDOWN_GRACE,
): ShutdownGrace {
  const total = totalMs ?? known.totalMs;
  // A third, as in the default, unless it is said.
  const critical = criticalMs ?? (totalMs === undefined ? known.criticalMs : Math.floor(total / 3));
  if (critical <= total) return { totalMs: total, criticalMs: critical };
  throw new ClusterError('--shutdown-grace-period must be at least --shutdown-grace-period-critical-pods', 2);
}
