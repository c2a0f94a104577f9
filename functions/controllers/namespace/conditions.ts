import type { NamespaceCondition } from '../../../lib/api/types.ts';
import { conditionOf } from '../conditions.ts';

/** What was found while a namespace's content was deleted. */
export interface Findings {
  discoveryError?: string;
  deletionErrors: string[];
  /** `pods.` → how many are left. */
  remaining: Map<string, number>;
  finalizers: Map<string, number>;
}

const FINE: Record<string, [reason: string, message: string]> = {
  NamespaceDeletionDiscoveryFailure: ['ResourcesDiscovered', 'All resources successfully discovered'],
  NamespaceDeletionGroupVersionParsingFailure: ['ParsedGroupVersions', 'All legacy kube types successfully parsed'],
  NamespaceDeletionContentFailure: [
    'ContentDeleted',
    'All content successfully deleted, may be waiting on finalization',
  ],
  NamespaceContentRemaining: ['ContentRemoved', 'All content successfully removed'],
  NamespaceFinalizersRemaining: ['ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
};

/** All five, whether they hold or not. Source: pkg/controller/namespace/deletion/status_condition_utils.go. */
export function namespaceConditions(
  old: readonly NamespaceCondition[] | undefined,
  findings: Findings,
  time: string,
): NamespaceCondition[] {
  const holding = problems(findings);
  const ours = Object.entries(FINE).map(([type, fine]) => {
    const [reason, message] = holding[type] ?? fine;
    const status = holding[type] ? 'True' : 'False';
    const before = conditionOf(old, type);
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : time;
    return { type, status, lastTransitionTime, reason, message };
  });
  return [...(old ?? []).filter(({ type }) => !(type in FINE)), ...ours];
}

function problems({
  discoveryError,
  deletionErrors,
  remaining,
  finalizers,
}: Findings): Record<string, [string, string]> {
  const found: Record<string, [string, string]> = {};
  if (discoveryError) found['NamespaceDeletionDiscoveryFailure'] = ['DiscoveryFailed', discoveryError];
  if (deletionErrors.length > 0) {
    const text = `Failed to delete all resource types, ${deletionErrors.length} remaining: ${[...deletionErrors].sort().join(', ')}`;
    found['NamespaceDeletionContentFailure'] = ['ContentDeletionFailed', text];
  }
  if (remaining.size > 0) {
    const list = [...remaining].map(([resource, count]) => `${resource} has ${count} resource instances`).sort();
    found['NamespaceContentRemaining'] = ['SomeResourcesRemain', `Some resources are remaining: ${list.join(', ')}`];
  }
  if (finalizers.size > 0) {
    const list = [...finalizers].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`).sort();
    const text = `Some content in the namespace has finalizers remaining: ${list.join(', ')}`;
    found['NamespaceFinalizersRemaining'] = ['SomeFinalizersRemain', text];
  }
  return found;
}
