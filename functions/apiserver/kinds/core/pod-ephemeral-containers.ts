import { forbiddenField } from '../../../../lib/api/causes.ts';
import { goQuote } from '../../../../lib/api/go-text.ts';
import { isMirrorPod } from '../../../../lib/api/pod-references.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { Pod } from '../../../../lib/api/types.ts';
import type { SubresourceRules } from '../../contract.ts';
import { semanticEqual } from '../equal.ts';
import { checkPod, dropDisabledFields } from './pod-check.ts';

/** PUT and PATCH of pods/NAME/ephemeralcontainers: containers may be added, nothing else. Source: ValidatePodEphemeralContainersUpdate. */
export const ephemeralContainersRules: SubresourceRules = {
  prepareForUpdate(pod: Pod, old: Pod) {
    const ephemeralContainers = pod.spec?.ephemeralContainers;
    pod.spec = { ...structuredClone(old.spec!), ephemeralContainers };
    pod.status = old.status;
    pod.metadata = {
      ...old.metadata,
      resourceVersion: pod.metadata?.resourceVersion,
      managedFields: pod.metadata?.managedFields,
    };
    dropDisabledFields(pod.spec);
  },
  validateUpdate,
};

const FIELD = 'spec.ephemeralContainers';

function validateUpdate(pod: Pod, old: Pod): Cause[] {
  if (isMirrorPod(old)) {
    return [forbiddenField('', 'static pods do not support ephemeral containers')];
  }
  const causes: Cause[] = [];
  checkPod(causes, pod);
  for (const before of old.spec?.ephemeralContainers ?? []) {
    const now = pod.spec?.ephemeralContainers?.find(({ name }) => name === before.name);
    const named = `existing ephemeral containers ${goQuote(before.name)}`;
    if (!now) causes.push(forbiddenField(FIELD, `${named} may not be removed\n`));
    else if (!semanticEqual(now, before)) causes.push(forbiddenField(FIELD, `${named} may not be changed\n`));
  }
  return causes;
}
