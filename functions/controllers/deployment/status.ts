import type { Stored } from '../../../lib/api/object.ts';
import { timeMs } from '../../../lib/api/time.ts';
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../../lib/api/types.ts';
import { conditionOf, without } from '../conditions.ts';
import type { Draft } from './replica-sets.ts';
import { fenceposts, progressDeadlineSeconds, replicasOf } from './strategy.ts';

const sum = (
  sets: readonly Stored<ReplicaSet>[],
  field: 'replicas' | 'readyReplicas' | 'availableReplicas' | 'terminatingReplicas',
) => sets.reduce((total, { status }) => total + (status?.[field] ?? 0), 0);

/** `drafts`: as they will be once the plan is carried out. */
export function countReplicas(
  deployment: Stored<Deployment>,
  drafts: readonly Draft[],
  fresh: Draft | undefined,
): DeploymentStatus {
  const sets = drafts.map(({ original }) => original).filter((original) => original !== undefined);
  const availableReplicas = sum(sets, 'availableReplicas');
  const wanted = drafts.reduce((total, { replicas }) => total + replicas, 0);
  const { collisionCount, conditions } = deployment.status ?? {};
  return {
    observedGeneration: deployment.metadata.generation,
    replicas: sum(sets, 'replicas'),
    updatedReplicas: fresh?.original ? sum([fresh.original], 'replicas') : 0,
    readyReplicas: sum(sets, 'readyReplicas'),
    availableReplicas,
    unavailableReplicas: Math.max(0, wanted - availableReplicas),
    terminatingReplicas: sum(sets, 'terminatingReplicas'),
    ...(collisionCount !== undefined && { collisionCount }),
    conditions: [...(conditions ?? [])],
  };
}

export function setCondition(
  status: DeploymentStatus,
  type: string,
  value: string,
  reason: string,
  message: string,
  time: string,
): void {
  const old = conditionOf(status.conditions, type);
  if (old && old.status === value && old.reason === reason) return;
  const lastTransitionTime = old?.status === value ? old.lastTransitionTime : time;
  const next: DeploymentCondition = { type, status: value, lastUpdateTime: time, lastTransitionTime, reason, message };
  status.conditions = [...without(status.conditions, type), next];
}

export function setAvailable(deployment: Deployment, status: DeploymentStatus, time: string): void {
  const needed = replicasOf(deployment) - fenceposts(deployment).maxUnavailable;
  if ((status.availableReplicas ?? 0) >= needed) {
    setCondition(status, 'Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.', time);
  } else {
    const message = 'Deployment does not have minimum availability.';
    setCondition(status, 'Available', 'False', 'MinimumReplicasUnavailable', message, time);
  }
}

/** While paused no progress is expected, and none missed. */
export function setPaused(deployment: Deployment, status: DeploymentStatus, time: string): void {
  if (progressDeadlineSeconds(deployment) === undefined) return;
  const reason = conditionOf(status.conditions, 'Progressing')?.reason;
  if (reason === 'ProgressDeadlineExceeded') return;
  if (deployment.spec.paused) {
    setCondition(status, 'Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused', time);
  } else if (reason === 'DeploymentPaused') {
    setCondition(status, 'Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed', time);
  }
}

export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const replicas = replicasOf(deployment);
  return status.updatedReplicas === replicas && status.replicas === replicas && status.availableReplicas === replicas;
}

function hasProgressed(old: DeploymentStatus | undefined, status: DeploymentStatus): boolean {
  const stale = (s: DeploymentStatus | undefined) => (s?.replicas ?? 0) - (s?.updatedReplicas ?? 0);
  return (
    status.updatedReplicas! > (old?.updatedReplicas ?? 0) ||
    stale(status) < stale(old) ||
    status.readyReplicas! > (old?.readyReplicas ?? 0) ||
    status.availableReplicas! > (old?.availableReplicas ?? 0)
  );
}

/** Source: deployment/progress.go, syncRolloutStatus. */
export function setProgress(
  deployment: Stored<Deployment>,
  status: DeploymentStatus,
  fresh: Draft | undefined,
  now: number,
): void {
  const deadline = progressDeadlineSeconds(deployment);
  if (deadline === undefined) {
    status.conditions = without(status.conditions, 'Progressing');
    return;
  }
  const old = conditionOf(deployment.status?.conditions, 'Progressing');
  if (status.replicas === status.updatedReplicas && old?.reason === 'NewReplicaSetAvailable') return;
  const subject = fresh ? `ReplicaSet "${fresh.name}"` : `Deployment "${deployment.metadata.name}"`;
  const time = timeText(now);
  if (isComplete(deployment, status)) {
    setCondition(
      status,
      'Progressing',
      'True',
      'NewReplicaSetAvailable',
      `${subject} has successfully progressed.`,
      time,
    );
  } else if (hasProgressed(deployment.status, status)) {
    setProgressing(status, `${subject} is progressing.`, time);
  } else if (isTimedOut(status, deadline, now)) {
    setCondition(
      status,
      'Progressing',
      'False',
      'ProgressDeadlineExceeded',
      `${subject} has timed out progressing.`,
      time,
    );
  }
}

/** Progress moves lastUpdateTime even if nothing else changes: the deadline counts from it. */
function setProgressing(status: DeploymentStatus, message: string, time: string): void {
  const old = conditionOf(status.conditions, 'Progressing');
  const lastTransitionTime = old?.status === 'True' ? old.lastTransitionTime : time;
  const condition = {
    type: 'Progressing',
    status: 'True',
    lastUpdateTime: time,
    lastTransitionTime,
    reason: 'ReplicaSetUpdated',
    message,
  };
  status.conditions = [...without(status.conditions, 'Progressing'), condition];
}

function isTimedOut(status: DeploymentStatus, deadlineSeconds: number, now: number): boolean {
  const condition = conditionOf(status.conditions, 'Progressing');
  if (!condition || condition.reason === 'NewReplicaSetAvailable') return false;
  if (condition.reason === 'ProgressDeadlineExceeded') return true;
  return timeMs(condition.lastUpdateTime) + deadlineSeconds * 1000 < now;
}

/** When the deadline has to be looked at, if nothing happens. */
export function progressCheckMs(deployment: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const deadline = progressDeadlineSeconds(deployment);
  const condition = conditionOf(status.conditions, 'Progressing');
  if (deadline === undefined || !condition || deployment.spec.paused) return undefined;
  if (isComplete(deployment, status) || condition.reason === 'ProgressDeadlineExceeded') return undefined;
  return Math.max(0, timeMs(condition.lastUpdateTime) + deadline * 1000 - now) + 1000;
}

/** The first failure of a set, the new one's before others'. */
export function setReplicaFailure(status: DeploymentStatus, fresh: Draft | undefined, drafts: readonly Draft[]): void {
  const failures = [fresh, ...drafts].map((draft) =>
    conditionOf(draft?.original?.status?.conditions, 'ReplicaFailure'),
  );
  const failure = failures.find((condition) => condition !== undefined);
  if (!failure) status.conditions = without(status.conditions, 'ReplicaFailure');
  else
    setCondition(
      status,
      'ReplicaFailure',
      failure.status!,
      failure.reason!,
      failure.message!,
      failure.lastTransitionTime!,
    );
}

export function timeText(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19)}Z`;
}
