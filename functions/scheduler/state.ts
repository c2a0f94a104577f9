import type { Stored } from '../../lib/api/object.ts';
import type { PodDisruptionBudget } from '../../lib/api/types.ts';
import type { Random } from '../../lib/runtime/random.ts';
import type { Writers } from './apply.ts';
import type { Plugin } from './framework.ts';
import type { PendingPods } from './pending.ts';
import type { Snapshot } from './snapshot.ts';
import type { Volumes } from './volumes.ts';
import type { Waiting } from './waiting.ts';

/** What the scheduler works on. */
export interface State {
  snapshot: Snapshot;
  pending: PendingPods;
  plugins: readonly Plugin[];
  random: Random;
  writers: Writers;
  budgets(): readonly Stored<PodDisruptionBudget>[];
  volumes: Volumes;
  /** Pods that have a node, and whose volumes are on their way to it; by uid. */
  waiting: Map<string, Waiting>;
}
