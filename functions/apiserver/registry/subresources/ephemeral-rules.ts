import { forbiddenField } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { EphemeralContainer } from '../../../../lib/api/types.ts';
import { sameContent } from '../stored.ts';

/** Source: ValidatePodEphemeralContainersUpdate of pkg/apis/core/validation. */
export function immutableEntries(
  now: readonly EphemeralContainer[] = [],
  before: readonly EphemeralContainer[] = [],
): Cause[] {
  const path = 'spec.ephemeralContainers';
  return before.flatMap((old) => {
    const kept = now.find(({ name }) => name === old.name);
    if (!kept)
      return [forbiddenField(path, `existing ephemeral containers ${JSON.stringify(old.name)} may not be removed\n`)];
    if (sameContent(kept, old)) return [];
    return [forbiddenField(path, `existing ephemeral containers ${JSON.stringify(old.name)} may not be changed\n`)];
  });
}
