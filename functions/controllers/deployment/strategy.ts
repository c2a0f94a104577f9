import type { Deployment } from '../../../lib/api/types.ts';
import { scaledValue } from '../scaled-value.ts';

export const replicasOf = ({ spec }: Deployment): number => spec.replicas ?? 1;
export const isRollingUpdate = ({ spec }: Deployment): boolean =>
  (spec.strategy?.type ?? 'RollingUpdate') === 'RollingUpdate';

/** Both zero would stand still: then one may be unavailable. Source: deploymentutil.ResolveFenceposts. */
export function fenceposts(deployment: Deployment): { maxSurge: number; maxUnavailable: number } {
  if (!isRollingUpdate(deployment)) return { maxSurge: 0, maxUnavailable: 0 };
  const replicas = replicasOf(deployment);
  const { maxSurge: surgeValue = '25%', maxUnavailable: unavailableValue = '25%' } =
    deployment.spec.strategy?.rollingUpdate ?? {};
  const maxSurge = scaledValue(surgeValue, replicas, true);
  const unavailable = scaledValue(unavailableValue, replicas, false);
  const maxUnavailable = maxSurge === 0 && unavailable === 0 ? 1 : unavailable;
  return { maxSurge, maxUnavailable: Math.min(maxUnavailable, replicas) };
}

const UNLIMITED = 2_147_483_647;
const limited = (value: number | undefined): number | undefined => (value === UNLIMITED ? undefined : value);

/** Undefined: progress is not watched. */
export const progressDeadlineSeconds = ({ spec }: Deployment): number | undefined =>
  limited(spec.progressDeadlineSeconds);
/** Undefined: all revisions are kept. */
export const revisionHistoryLimit = ({ spec }: Deployment): number | undefined => limited(spec.revisionHistoryLimit);
