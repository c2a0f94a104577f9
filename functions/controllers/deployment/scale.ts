import type { Deployment } from '../../../lib/api/types.ts';
import { byAge, DESIRED_REPLICAS, type Draft, MAX_REPLICAS, noted, resize } from './replica-sets.ts';
import { fenceposts, isRollingUpdate, replicasOf } from './strategy.ts';

/** Whether the deployment's size changed since its active sets were sized. */
export function isScaled(deployment: Deployment, drafts: readonly Draft[]): boolean {
  return drafts
    .filter(({ original, replicas }) => original && replicas > 0)
    .map(({ original }) => noted(original!, DESIRED_REPLICAS))
    .some((desired) => desired !== undefined && desired !== replicasOf(deployment));
}

/**
 * Sizes the sets for a deployment that was resized or is paused: proportionally, so that scaling neither hastens nor
 * undoes a rollout that is under way. Source: deployment/sync.go, scale.
 */
export function scale(deployment: Deployment, fresh: Draft | undefined, old: readonly Draft[]): void {
  const replicas = replicasOf(deployment);
  const only = activeOrLatest(fresh, old);
  if (only) {
    if (only.replicas !== replicas) resize(only, replicas, deployment);
  } else if (fresh && isSaturated(deployment, fresh)) {
    for (const draft of old) if (draft.replicas > 0) resize(draft, 0, deployment);
  } else if (isRollingUpdate(deployment)) {
    scaleProportionally(
      deployment,
      [...old, ...(fresh ? [fresh] : [])].filter((draft) => draft.replicas > 0),
    );
  }
}

function activeOrLatest(fresh: Draft | undefined, old: readonly Draft[]): Draft | undefined {
  const newestFirst = [...old].sort((a, b) => byAge(b.original!, a.original!));
  const active = [...newestFirst, ...(fresh ? [fresh] : [])].filter((draft) => draft.replicas > 0);
  if (active.length === 0) return fresh ?? newestFirst[0];
  return active.length === 1 ? active[0] : undefined;
}

function isSaturated(deployment: Deployment, { original, replicas }: Draft): boolean {
  const wanted = replicasOf(deployment);
  if (!original || replicas !== wanted) return false;
  return noted(original, DESIRED_REPLICAS) === wanted && (original.status?.availableReplicas ?? 0) === wanted;
}

function scaleProportionally(deployment: Deployment, active: Draft[]): void {
  const replicas = replicasOf(deployment);
  const allowed = replicas > 0 ? replicas + fenceposts(deployment).maxSurge : 0;
  const toAdd = allowed - active.reduce((sum, draft) => sum + draft.replicas, 0);
  // The largest first; of equals the newer grows, the older shrinks.
  active.sort((a, b) => b.replicas - a.replicas || (toAdd > 0 ? -1 : 1) * byAge(a.original!, b.original!));
  let added = 0;
  const sizes = active.map((draft) => {
    const share = toAdd === 0 ? 0 : proportion(draft, deployment, toAdd, added);
    added += share;
    return draft.replicas + share;
  });
  if (sizes.length > 0 && toAdd !== 0) sizes[0] = Math.max(0, sizes[0]! + toAdd - added);
  for (let i = 0; i < active.length; i++) resize(active[i]!, sizes[i]!, deployment);
}

/** Never beyond what is left to add or to take away. */
function proportion(draft: Draft, deployment: Deployment, toAdd: number, added: number): number {
  if (toAdd === added) return 0;
  const fraction = fractionOf(draft, deployment);
  const allowed = toAdd - added;
  return toAdd > 0 ? Math.min(fraction, allowed) : Math.max(fraction, allowed);
}

function fractionOf(draft: Draft, deployment: Deployment): number {
  const replicas = replicasOf(deployment);
  if (replicas === 0) return -draft.replicas;
  const max = replicas + fenceposts(deployment).maxSurge;
  const before = noted(draft.original!, MAX_REPLICAS) || (deployment.status?.replicas ?? 0);
  return before === 0 ? 0 : Math.round((draft.replicas * max) / before) - draft.replicas;
}
