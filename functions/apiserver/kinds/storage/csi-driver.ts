import { duplicateValue, invalidValue, notSupported } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { CSIDriver, StorageTokenRequest } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkImmutable, checkOneOf } from '../check.ts';
import { semanticEqual } from '../equal.ts';

/** Source: SetDefaults_CSIDriver in k8s.io/kubernetes/pkg/apis/storage/v1/defaults.go. */
function defaults(object: CSIDriver): void {
  object.spec ??= {};
  const { spec } = object;
  spec.attachRequired ??= true;
  spec.podInfoOnMount ??= false;
  spec.storageCapacity ??= false;
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
  if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent'];
  spec.requiresRepublish ??= false;
  spec.seLinuxMount ??= false;
  spec.preventPodSchedulingIfMissing ??= false;
}

const UPDATE_PERIOD_MIN = 10;
const TEN_MINUTES = 600;

/** Source: validateCSIDriverSpec in k8s.io/kubernetes/pkg/apis/storage/validation. */
function validate({ spec = {} }: CSIDriver): Cause[] {
  const causes: Cause[] = [];
  if (spec.fsGroupPolicy !== undefined) {
    checkOneOf(causes, 'spec.fsGroupPolicy', spec.fsGroupPolicy, ['File', 'None', 'ReadWriteOnceWithFSType']);
  }
  checkTokenRequests(causes, spec.tokenRequests ?? []);
  const modes = ['Persistent', 'Ephemeral'];
  for (const mode of spec.volumeLifecycleModes ?? []) {
    if (!modes.includes(mode)) causes.push(notSupported('spec.volumeLifecycleModes', mode, modes));
  }
  const period = spec.nodeAllocatableUpdatePeriodSeconds;
  if (period !== undefined && period < UPDATE_PERIOD_MIN) {
    const why = 'must be greater than or equal to 10 seconds';
    causes.push(invalidValue('spec.nodeAllocatableUpdatePeriodSeconds', period, why));
  }
  return causes;
}

function checkTokenRequests(causes: Cause[], requests: StorageTokenRequest[]): void {
  const audiences = new Set<string>();
  requests.forEach(({ audience, expirationSeconds: seconds }, i) => {
    const path = `spec.tokenRequests[${i}]`;
    if (audiences.has(audience)) {
      causes.push(duplicateValue(`${path}.audience`, audience));
      return;
    }
    audiences.add(audience);
    if (seconds !== undefined && seconds < TEN_MINUTES) {
      const why = 'may not specify a duration less than 10 minutes';
      causes.push(invalidValue(`${path}.expirationSeconds`, seconds, why));
    }
  });
}

const TOKENS_IN_ATTRIBUTES =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes';

export const csiDriver: KindRules = {
  defaults,
  validate,
  validateUpdate(object: CSIDriver, old: CSIDriver) {
    const causes = validate(object);
    checkImmutable(causes, 'spec.attachedRequired', object.spec?.attachRequired, old.spec?.attachRequired);
    const [now, before] = [object.spec?.volumeLifecycleModes, old.spec?.volumeLifecycleModes];
    checkImmutable(causes, 'spec.volumeLifecycleModes', now, before);
    return causes;
  },
  unconditionalUpdate: false,
  warnings({ spec }: CSIDriver, old?: CSIDriver) {
    const tokens = spec?.tokenRequests ?? [];
    const isKept = old && semanticEqual(tokens, old.spec?.tokenRequests);
    return tokens.length > 0 && !isKept && spec?.serviceAccountTokenInSecrets === undefined
      ? [TOKENS_IN_ATTRIBUTES]
      : [];
  },
};
