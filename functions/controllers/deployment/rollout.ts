import type { Deployment } from '../../../lib/api/types.ts';
import { byAge, type Draft, resize } from './replica-sets.ts';
import { fenceposts, isRollingUpdate, replicasOf } from './strategy.ts';

const total = (drafts: readonly Draft[]): number => drafts.reduce((sum, { replicas }) => sum + replicas, 0);
const available = ({ original }: Draft): number => original?.status?.availableReplicas ?? 0;

/** How many the new set may have now. Source: deploymentutil.NewRSNewReplicas. */
export function newReplicas(deployment: Deployment, fresh: Draft, all: readonly Draft[]): number {
  const replicas = replicasOf(deployment);
  if (!isRollingUpdate(deployment)) return replicas;
  const room = replicas + fenceposts(deployment).maxSurge - total(all);
  return room <= 0 ? fresh.replicas : fresh.replicas + Math.min(room, replicas - fresh.replicas);
}

/** One step of a rolling update: the new set grows, or, once it cannot, old ones shrink. Source: deployment/rolling.go. */
export function roll(deployment: Deployment, fresh: Draft, old: readonly Draft[]): void {
  const replicas = replicasOf(deployment);
  const size = Math.min(replicas, newReplicas(deployment, fresh, [...old, fresh]));
  if (size !== fresh.replicas) {
    resize(fresh, size, deployment);
    return;
  }
  const active = old.filter((draft) => draft.replicas > 0);
  shrinkOld(
    deployment,
    fresh,
    active.sort((a, b) => byAge(a.original!, b.original!)),
  );
}

function shrinkOld(deployment: Deployment, fresh: Draft, old: readonly Draft[]): void {
  const minAvailable = replicasOf(deployment) - fenceposts(deployment).maxUnavailable;
  // New replicas that are not available yet hold their place, lest a bad template empties the old sets.
  const removable = total(old) + fresh.replicas - minAvailable - (fresh.replicas - available(fresh));
  if (removable <= 0) return;
  shrinkUnhealthy(deployment, old, removable);
  shrinkHealthy(deployment, fresh, old, minAvailable);
}

/** Replicas that are not available go first: they cost nothing. */
function shrinkUnhealthy(deployment: Deployment, old: readonly Draft[], removable: number): void {
  let left = removable;
  for (const draft of old) {
    const remove = Math.min(left, draft.replicas - available(draft));
    if (remove <= 0) continue;
    resize(draft, draft.replicas - remove, deployment);
    left -= remove;
  }
}

function shrinkHealthy(deployment: Deployment, fresh: Draft, old: readonly Draft[], minAvailable: number): void {
  let left = [...old, fresh].reduce((sum, draft) => sum + available(draft), 0) - minAvailable;
  for (const draft of old) {
    const remove = Math.min(left, draft.replicas);
    if (remove <= 0) continue;
    resize(draft, draft.replicas - remove, deployment);
    left -= remove;
  }
}
