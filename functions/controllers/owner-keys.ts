import { keyOf, type Stored } from '../../lib/api/object.ts';
import type { LabelMatcher } from '../../lib/api/selectors.ts';
import type { Pod } from '../../lib/api/types.ts';
import type { Cache } from '../../lib/client/controller.ts';
import { controllerOf } from './pod-state.ts';

/** Whose business a change is: the controller's, before and after; of an orphan, whoever may adopt it. */
export function ownerKeys<T>(
  kind: string,
  owners: Cache<T>,
  selector: (owner: Stored<T>) => LabelMatcher,
  object: Pick<Stored<Pod>, 'metadata'> | undefined,
  previous: Pick<Stored<Pod>, 'metadata'> | undefined,
): string[] {
  const keys = new Set<string>();
  for (const version of [object, previous]) {
    const owner = version && controllerOf(version);
    if (owner?.kind === kind) keys.add(`${version!.metadata.namespace}/${owner.name}`);
  }
  if (object && !controllerOf(object) && object.metadata.labels) {
    for (const owner of owners.list(object.metadata.namespace)) {
      if (selector(owner).matches(object.metadata.labels)) keys.add(keyOf(owner));
    }
  }
  return [...keys];
}
