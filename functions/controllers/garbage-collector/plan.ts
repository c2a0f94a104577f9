import type { OwnerReference } from '../../../lib/api/types.ts';

/** What became of an owner. */
export type OwnerState =
  | 'solid' // there
  | 'dangling' // gone
  | 'waiting'; // being deleted in the foreground: goes when its dependents are gone

export type Propagation = 'Orphan' | 'Background' | 'Foreground';

export type DependentPlan =
  | { action: 'keep' }
  /** Some owners are left: the others' references go. */
  | { action: 'drop'; uids: string[] }
  /** `unblock`: its own references no longer hold their owners, or two would wait for each other. */
  | { action: 'delete'; propagation: Propagation; unblock: boolean };

export const FOREGROUND = 'foregroundDeletion';
export const ORPHAN = 'orphan';

export interface Dependent {
  references: readonly { reference: OwnerReference; state: OwnerState }[];
  finalizers: readonly string[];
  hasDependents: boolean;
  /** Some dependent of it is itself being deleted in the foreground. */
  hasWaitingDependents: boolean;
}

/** What is to be done with an object that has owners and is not being deleted. Source: pkg/controller/garbagecollector, attemptToDeleteItem. */
export function planDependent({
  references,
  finalizers,
  hasDependents,
  hasWaitingDependents,
}: Dependent): DependentPlan {
  const inState = (state: OwnerState) =>
    references.filter((one) => one.state === state).map(({ reference }) => reference.uid);
  const solid = inState('solid');
  const gone = [...inState('dangling'), ...inState('waiting')];
  if (references.length === 0 || gone.length === 0) return { action: 'keep' };
  if (solid.length > 0) return { action: 'drop', uids: gone };
  if (inState('waiting').length > 0 && hasDependents) {
    return { action: 'delete', propagation: 'Foreground', unblock: hasWaitingDependents };
  }
  return { action: 'delete', propagation: requested(finalizers), unblock: false };
}

function requested(finalizers: readonly string[]): Propagation {
  if (finalizers.includes(ORPHAN)) return 'Orphan';
  return finalizers.includes(FOREGROUND) ? 'Foreground' : 'Background';
}
