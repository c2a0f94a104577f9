import { forbiddenField, invalidValue, notSupported, required } from '../../../../lib/api/causes.ts';
import { dns1123Label } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { StatefulSet, StatefulSetSpec } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat, checkImmutable, checkNotNegative } from '../check.ts';
import {
  checkPersistentVolumeClaimSpec,
  defaultPersistentVolumeClaimSpec,
} from '../core/persistent-volume-claim-spec.ts';
import { checkAtMost100Percent, checkIntOrPercent, intOrPercentNumber } from '../int-or-percent.ts';
import { defaultPodTemplate } from '../pod-spec/defaults.ts';
import { checkAlwaysRestarts, checkPodTemplate, checkSelected } from '../pod-spec/template.ts';
import { checkCollisionCount, checkCounts, checkReplicaCounts } from '../replica-status.ts';
import { statusKept } from '../status.ts';
import { warnOfClaimSpec } from '../warnings/fractions.ts';
import { workloadWarnings } from '../warnings/workload.ts';
import { checkWorkloadSelector } from './selector.ts';

/** Source: SetDefaults_StatefulSet in k8s.io/kubernetes/pkg/apis/apps/v1/defaults.go. */
function defaults({ spec }: StatefulSet): void {
  if (!spec) return;
  spec.podManagementPolicy ||= 'OrderedReady';
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ||= 'RollingUpdate';
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.partition ??= 0;
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
  }
  spec.persistentVolumeClaimRetentionPolicy ??= {};
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain';
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain';
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion ??= 'v1';
    claim.kind ??= 'PersistentVolumeClaim';
    if (claim.spec) defaultPersistentVolumeClaimSpec(claim.spec);
    claim.status ??= {};
    claim.status.phase ||= 'Pending';
  }
  defaultPodTemplate(spec.template);
}

/** Source: ValidateStatefulSetSpec in k8s.io/kubernetes/pkg/apis/apps/validation. */
function validate({ spec: given }: StatefulSet): Cause[] {
  const causes: Cause[] = [];
  const spec = given ?? ({} as StatefulSetSpec);
  checkPodManagement(causes, spec);
  checkUpdateStrategy(causes, spec.updateStrategy ?? {});
  const { whenDeleted, whenScaled } = spec.persistentVolumeClaimRetentionPolicy ?? {};
  checkRetention(causes, whenDeleted, 'whenDeleted');
  checkRetention(causes, whenScaled, 'whenScaled');
  spec.volumeClaimTemplates?.forEach((claim, i) => {
    checkPersistentVolumeClaimSpec(causes, claim.spec ?? {}, `spec.volumeClaimTemplates[${i}].spec`);
  });
  checkNotNegative(causes, 'spec.replicas', spec.replicas);
  checkNotNegative(causes, 'spec.minReadySeconds', spec.minReadySeconds);
  checkNotNegative(causes, 'spec.ordinals.start', spec.ordinals?.start);
  if (spec.serviceName) checkFormat(causes, 'spec.serviceName', spec.serviceName, dns1123Label);
  checkWorkloadSelector(causes, spec.selector, 'statefulset');
  checkTemplate(causes, spec);
  return causes;
}

function checkPodManagement(causes: Cause[], { podManagementPolicy: policy }: StatefulSetSpec): void {
  if (policy === 'OrderedReady' || policy === 'Parallel') return;
  causes.push(invalidValue('spec.podManagementPolicy', policy ?? '', "must be 'OrderedReady' or 'Parallel'"));
}

function checkUpdateStrategy(causes: Cause[], strategy: NonNullable<StatefulSetSpec['updateStrategy']>): void {
  const path = 'spec.updateStrategy';
  const { type, rollingUpdate } = strategy;
  if (type === 'OnDelete') {
    if (!rollingUpdate) return;
    causes.push(
      invalidValue(`${path}.rollingUpdate`, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'"),
    );
  } else if (type !== 'RollingUpdate') {
    const internal = { Type: type, RollingUpdate: rollingUpdate ?? null };
    causes.push(invalidValue(path, internal, "must be 'RollingUpdate' or 'OnDelete'"));
  } else if (rollingUpdate) checkRollingUpdate(causes, rollingUpdate, `${path}.rollingUpdate`);
}

function checkRollingUpdate(
  causes: Cause[],
  { partition, maxUnavailable }: NonNullable<NonNullable<StatefulSetSpec['updateStrategy']>['rollingUpdate']>,
  path: string,
): void {
  checkNotNegative(causes, `${path}.partition`, partition);
  if (maxUnavailable === undefined) return;
  checkIntOrPercent(causes, maxUnavailable, `${path}.maxUnavailable`);
  if (intOrPercentNumber(maxUnavailable) === 0) {
    causes.push(invalidValue(`${path}.maxUnavailable`, maxUnavailable, 'cannot be 0'));
  }
  checkAtMost100Percent(causes, maxUnavailable, `${path}.maxUnavailable`);
}

function checkRetention(causes: Cause[], policy: string | undefined, field: string): void {
  if (policy === 'Retain' || policy === 'Delete') return;
  const path = `spec.persistentVolumeClaimRetentionPolicy.${field}`;
  causes.push(notSupported(path, policy ?? '', ['Retain', 'Delete']));
}

/** Mounts may name the claims, and the pods' own names come from the set. */
function checkTemplate(causes: Cause[], { template, selector, volumeClaimTemplates = [] }: StatefulSetSpec): void {
  if (!template) {
    causes.push(required('spec.template'));
    return;
  }
  const claimed = volumeClaimTemplates.map(({ metadata }) => metadata?.name ?? '');
  const volumes = [
    ...claimed.map((name) => ({ name, persistentVolumeClaim: { claimName: name } })),
    ...(template.spec?.volumes ?? []).filter(({ name }) => !claimed.includes(name)),
  ];
  const spec = { ...(template.spec ?? { containers: [] }), volumes, hostname: undefined, subdomain: undefined };
  checkSelected(causes, template, selector, 'spec.template');
  checkPodTemplate(causes, { ...template, spec }, 'spec.template');
  checkAlwaysRestarts(causes, template, 'spec.template');
  if (template.spec?.activeDeadlineSeconds === undefined) return;
  const why = 'activeDeadlineSeconds in StatefulSet is not Supported';
  causes.push(forbiddenField('spec.template.spec.activeDeadlineSeconds', why));
}

const FIXED = ['selector', 'volumeClaimTemplates', 'serviceName', 'podManagementPolicy'] as const;

const SUBSETS = ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'];

export const statefulSet: KindRules = {
  ...statusKept(() => ({ replicas: 0, availableReplicas: 0 })),
  defaults,
  validate,
  validateUpdate(object: StatefulSet, old: StatefulSet) {
    const causes = validate(object);
    for (const field of FIXED) {
      const value = object.spec?.[field];
      const shown = field === 'volumeClaimTemplates' ? (value ?? []) : value;
      checkImmutable(causes, `spec.${field}`, shown, old.spec?.[field]);
    }
    return causes;
  },
  validateStatusUpdate({ status }: StatefulSet, old: StatefulSet) {
    const causes: Cause[] = [];
    const counts = (status ?? {}) as unknown as Record<string, number>;
    checkCounts(causes, counts, ['replicas', ...SUBSETS, 'observedGeneration', 'collisionCount']);
    checkReplicaCounts(causes, counts, SUBSETS, 'cannot be greater than status.readyReplicas');
    checkCollisionCount(causes, counts, (old.status ?? {}) as unknown as Record<string, number>);
    return causes;
  },
  generationFrom: ['spec'],
  nameFormat: 'label',
  warnings(object: StatefulSet, old?: StatefulSet) {
    const warnings = workloadWarnings(object, old);
    object.spec?.volumeClaimTemplates?.forEach(({ spec }, i) => {
      warnOfClaimSpec(warnings, spec, `spec.volumeClaimTemplates[${i}]${old ? '.Spec' : ''}`);
    });
    if ((object.spec?.revisionHistoryLimit ?? 0) < 0) {
      const why = 'a negative value retains all historical revisions; a value >= 0 is recommended';
      warnings.push(`spec.revisionHistoryLimit: ${why}`);
    }
    return warnings;
  },
};
