import type { Stored } from '../../lib/api/object.ts';
import type { PodDisruptionBudget } from '../../lib/api/types.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import type { Random } from '../../lib/runtime/random.ts';
import { DEFAULT_SCHEDULER } from './cluster-state.ts';
import type { PendingPods } from './pending.ts';
import type { PodInfo } from './pod-info.ts';
import type { Profile } from './profile.ts';
import type { Snapshot } from './snapshot.ts';
import type { Volumes } from './volumes.ts';
import type { Waiting } from './waiting.ts';

/** What the scheduler works on. */
export interface State {
  snapshot: Snapshot;
  pending: PendingPods;
  /** By the name that pods choose them by. */
  profiles: ReadonlyMap<string, Profile>;
  random: Random;
  clock: Clock;
  budgets(): readonly Stored<PodDisruptionBudget>[];
  volumes: Volumes;
  /** Pods that have a node, and whose volumes are on their way to it; by uid. */
  waiting: Map<string, Waiting>;
}

/** Only pods of its own profiles come to a scheduler. */
export function profileOf({ spec }: PodInfo, { profiles }: State): Profile {
  return profiles.get(spec.schedulerName ?? DEFAULT_SCHEDULER)!;
}
