import { invalidValue } from '../../../lib/api/causes.ts';
import type { Cause } from '../../../lib/api/status.ts';
import { checkNotNegative } from './check.ts';

type Counts = Readonly<Record<string, number | undefined>>;

export function checkCounts(causes: Cause[], status: Counts, fields: readonly string[]): void {
  for (const field of fields) checkNotNegative(causes, `status.${field}`, status[field]);
}

/** Of all replicas some are ready, and of those some are available. */
export function checkReplicaCounts(
  causes: Cause[],
  status: Counts,
  subsets: readonly string[],
  notReady = 'cannot be greater than readyReplicas',
): void {
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status;
  for (const field of subsets) {
    const count = status[field] ?? 0;
    if (count > replicas) causes.push(invalidValue(`status.${field}`, count, 'cannot be greater than status.replicas'));
  }
  if (availableReplicas > readyReplicas) {
    causes.push(invalidValue('status.availableReplicas', availableReplicas, notReady));
  }
}

/** Hash collisions are only ever counted up. */
export function checkCollisionCount(causes: Cause[], status: Counts, old: Counts): void {
  const { collisionCount = 0 } = status;
  if (old['collisionCount'] === undefined || collisionCount >= old['collisionCount']) return;
  causes.push(invalidValue('status.collisionCount', collisionCount, 'cannot be decremented'));
}
