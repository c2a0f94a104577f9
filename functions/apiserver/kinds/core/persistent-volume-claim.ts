import { forbiddenField } from '../../../../lib/api/causes.ts';
import { compareQuantities } from '../../../../lib/api/quantity.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkImmutable, checkRequired } from '../check.ts';
import { semanticEqual } from '../equal.ts';
import { canonicalizeResources } from '../resource-list.ts';
import { keepStatus } from '../status.ts';
import { warnOfClaimSpec } from '../warnings/fractions.ts';
import { alignDataSources } from './claim-data-source.ts';
import { checkPersistentVolumeClaimSpec, defaultPersistentVolumeClaimSpec } from './persistent-volume-claim-spec.ts';

const PHASE = { phase: 'Pending' } as const;

function validate({ spec }: PersistentVolumeClaim): Cause[] {
  const causes: Cause[] = [];
  checkPersistentVolumeClaimSpec(causes, spec ?? {}, 'spec');
  return causes;
}

/** Source: ValidatePersistentVolumeClaimUpdate in k8s.io/kubernetes/pkg/apis/core/validation. */
function validateUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): Cause[] {
  const causes = validate(claim);
  const [spec, before] = [claim.spec ?? {}, old.spec ?? {}];
  if (!semanticEqual(withoutMutable(claim, before), before)) {
    const why =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n';
    causes.push(forbiddenField('spec', why));
  }
  checkSize(causes, spec, before, old.status?.capacity?.['storage']);
  checkImmutable(causes, 'volumeMode', spec.volumeMode, before.volumeMode);
  return causes;
}

/** The new spec, with what may change as it was: the volume once, the class once, the size and its class when bound. */
function withoutMutable({ spec = {}, status }: PersistentVolumeClaim, before: PersistentVolumeClaimSpec): object {
  const bound = status?.phase === 'Bound';
  const requests = { ...spec.resources?.requests };
  const storage = before.resources?.requests?.['storage'];
  if (bound && storage !== undefined) requests['storage'] = storage;
  return {
    ...spec,
    resources: { ...spec.resources, requests },
    volumeName: before.volumeName ? spec.volumeName : before.volumeName,
    storageClassName: before.storageClassName === undefined ? undefined : spec.storageClassName,
    volumeAttributesClassName: bound ? before.volumeAttributesClassName : spec.volumeAttributesClassName,
  };
}

function checkSize(
  causes: Cause[],
  spec: PersistentVolumeClaimSpec,
  before: PersistentVolumeClaimSpec,
  capacity: string | undefined,
): void {
  const [size, old] = [spec.resources?.requests?.['storage'], before.resources?.requests?.['storage']];
  if (size === undefined || old === undefined || compareQuantities(size, old) >= 0) return;
  if (compareQuantities(size, capacity ?? '0') > 0) return;
  causes.push(forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity'));
}

const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class';

export const persistentVolumeClaim: KindRules = {
  prepareForCreate(object: PersistentVolumeClaim) {
    object.status = { ...PHASE };
    if (object.spec) alignDataSources(object.spec);
  },
  prepareForUpdate(object: PersistentVolumeClaim, old: PersistentVolumeClaim) {
    keepStatus(object, old);
    if (object.spec) alignDataSources(object.spec, old.spec);
  },
  defaults(object: PersistentVolumeClaim) {
    if (object.spec) defaultPersistentVolumeClaimSpec(object.spec);
    object.status = { ...PHASE, ...object.status };
    canonicalizeResources(object.status.capacity);
  },
  validate,
  validateUpdate,
  validateStatusUpdate({ spec }: PersistentVolumeClaim) {
    const causes: Cause[] = [];
    checkRequired(causes, 'Spec.accessModes', spec?.accessModes);
    return causes;
  },
  warnings({ metadata, spec }: PersistentVolumeClaim) {
    const warnings: string[] = [];
    if (metadata?.annotations && BETA_CLASS in metadata.annotations) {
      const why = 'deprecated since v1.8; use "storageClassName" attribute instead';
      warnings.push(`metadata.annotations[${BETA_CLASS}]: ${why}`);
    }
    warnOfClaimSpec(warnings, spec, 'spec');
    return warnings;
  },
};
