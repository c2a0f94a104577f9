import type { Stored } from '../../../lib/api/object.ts';
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../../lib/api/types.ts';
import { conditionOf } from '../conditions.ts';
import {
  annotate,
  type Draft,
  draftOf,
  findNew,
  isChanged,
  newReplicaSetName,
  REVISION,
  resize,
  revisionOf,
  sizeOf,
} from './replica-sets.ts';
import { newReplicas, roll } from './rollout.ts';
import { isScaled, scale } from './scale.ts';
import {
  countReplicas,
  isComplete,
  progressCheckMs,
  setAvailable,
  setCondition,
  setPaused,
  setProgress,
  setReplicaFailure,
  timeText,
} from './status.ts';
import { isRollingUpdate, progressDeadlineSeconds, replicasOf, revisionHistoryLimit } from './strategy.ts';

export interface DeploymentPlan {
  create: Draft | undefined;
  update: Draft[];
  /** Old revisions beyond the limit. */
  remove: Stored<ReplicaSet>[];
  /** For the deployment's own annotation. */
  revision: string | undefined;
  status: DeploymentStatus;
  requeueAfterMs: number | undefined;
}

export interface Observed {
  deployment: Stored<Deployment>;
  replicaSets: readonly Stored<ReplicaSet>[];
  /** Whether pods of old sets are still there: Recreate waits for them. */
  oldPodsLeft(fresh: Stored<ReplicaSet> | undefined): boolean;
  now: number;
}

/** The next step of a deployment. Source: pkg/controller/deployment (sync.go, rolling.go, recreate.go, progress.go). */
export function planDeployment({ deployment, replicaSets, oldPodsLeft, now }: Observed): DeploymentPlan {
  const existing = findNew(deployment, replicaSets);
  const old = replicaSets.filter((replicaSet) => replicaSet !== existing).map(draftOf);
  const newRevision = old.reduce((highest, { original }) => larger(highest, revisionOf(original!)), 0n) + 1n;
  let fresh = existing && draftOf(existing);
  if (fresh) {
    annotate(fresh, deployment, newRevision);
    fresh.minReadySeconds = deployment.spec.minReadySeconds;
  }
  const all = () => (fresh ? [...old, fresh] : old);
  const resized = deployment.spec.paused === true || isScaled(deployment, all());
  if (deployment.metadata.deletionTimestamp) return finish('none');
  if (resized) {
    scale(deployment, fresh, old);
    return finish(deployment.spec.paused ? 'cleanup' : 'none');
  }
  if (isRollingUpdate(deployment)) {
    if (fresh) roll(deployment, fresh, old);
    else fresh = begin(deployment, old, newRevision);
  } else {
    recreate();
  }
  return finish('rollout');

  /** All old pods go before the first new one comes. */
  function recreate(): void {
    const shrinking = old.filter((draft) => draft.replicas > 0);
    for (const draft of shrinking) resize(draft, 0, deployment);
    const running = old.some(({ original }) => (original?.status?.replicas ?? 0) > 0) || oldPodsLeft(existing);
    if (shrinking.length > 0 || running) return;
    if (!fresh) fresh = begin(deployment, old, newRevision);
    else if (fresh.replicas !== replicasOf(deployment)) resize(fresh, replicasOf(deployment), deployment);
  }

  function finish(mode: 'none' | 'cleanup' | 'rollout'): DeploymentPlan {
    const create = fresh && !fresh.original ? fresh : undefined;
    const status = statusOf(deployment, all(), fresh, mode === 'rollout', now);
    const idle = !create && !all().some(({ original, replicas }) => original && replicas !== sizeOf(original));
    const mayClean = mode === 'cleanup' || (mode === 'rollout' && idle && isComplete(deployment, status));
    return {
      create,
      update: all().filter(isChanged),
      remove: mayClean ? surplus(deployment, old) : [],
      revision: fresh?.annotations[REVISION],
      status,
      requeueAfterMs: mode === 'rollout' ? progressCheckMs(deployment, status, now) : undefined,
    };
  }
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function begin(deployment: Stored<Deployment>, old: readonly Draft[], revision: bigint): Draft {
  const { minReadySeconds } = deployment.spec;
  const draft: Draft = {
    original: undefined,
    name: newReplicaSetName(deployment),
    annotations: {},
    replicas: 0,
    minReadySeconds,
  };
  annotate(draft, deployment, revision);
  resize(draft, newReplicas(deployment, draft, [...old, draft]), deployment);
  return draft;
}

function statusOf(
  deployment: Stored<Deployment>,
  drafts: readonly Draft[],
  fresh: Draft | undefined,
  rollout: boolean,
  now: number,
): DeploymentStatus {
  const status = countReplicas(deployment, drafts, fresh);
  const time = timeText(now);
  setPaused(deployment, status, time);
  noteNewSet(deployment, status, fresh, time);
  setAvailable(deployment, status, time);
  if (rollout) {
    setProgress(deployment, status, fresh, now);
    setReplicaFailure(status, fresh, drafts);
  }
  return status;
}

function noteNewSet(deployment: Deployment, status: DeploymentStatus, fresh: Draft | undefined, time: string): void {
  if (!fresh || progressDeadlineSeconds(deployment) === undefined) return;
  if (!fresh.original) {
    setCondition(
      status,
      'Progressing',
      'True',
      'NewReplicaSetCreated',
      `Created new replica set "${fresh.name}"`,
      time,
    );
  } else if (!conditionOf(status.conditions, 'Progressing')) {
    setCondition(status, 'Progressing', 'True', 'FoundNewReplicaSet', `Found new replica set "${fresh.name}"`, time);
  }
}

/** The oldest revisions beyond the limit, unless they still have or want pods. */
function surplus(deployment: Deployment, old: readonly Draft[]): Stored<ReplicaSet>[] {
  const limit = revisionHistoryLimit(deployment);
  if (limit === undefined) return [];
  const alive = old.map(({ original }) => original!).filter(({ metadata }) => !metadata.deletionTimestamp);
  const excess = alive
    .sort((a, b) => Number(revisionOf(a) - revisionOf(b)))
    .slice(0, Math.max(0, alive.length - limit));
  return excess.filter(isIdle);
}

function isIdle(replicaSet: Stored<ReplicaSet>): boolean {
  const { metadata, status } = replicaSet;
  const seen = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  return sizeOf(replicaSet) === 0 && (status?.replicas ?? 0) === 0 && seen;
}
