import type { CustomResourceDefinition } from '../../../../lib/api/types.ts';

type Spec = NonNullable<CustomResourceDefinition['spec']>;

/**
 * The status of a new definition: its names are accepted and it is established at once, since nothing here takes long.
 * `now`: RFC 3339. Source of the conditions' words: the naming and the establishing controller of k8s.io/apiextensions-apiserver.
 */
export function established({ names, versions }: Spec, now: string): CustomResourceDefinition['status'] {
  const condition = (type: string, reason: string, message: string) => ({
    type,
    status: 'True',
    lastTransitionTime: now,
    reason,
    message,
  });
  return {
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
    acceptedNames: names,
    storedVersions: (versions ?? []).filter(({ storage }) => storage).map(({ name }) => name),
  };
}
