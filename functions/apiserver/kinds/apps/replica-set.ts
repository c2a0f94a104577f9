import { invalidValue } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { ReplicaSet, ReplicaSetSpec } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkImmutable, checkNotNegative } from '../check.ts';
import { isUsableSelector } from '../label-selector.ts';
import { defaultPodTemplate } from '../pod-spec/defaults.ts';
import { checkReplicatedTemplate } from '../pod-spec/template.ts';
import { checkCounts, checkReplicaCounts } from '../replica-status.ts';
import { statusKept } from '../status.ts';
import { namedWorkloadWarnings } from '../warnings/workload.ts';
import { checkWorkloadSelector } from './selector.ts';

/** Source: ValidateReplicaSetSpec in k8s.io/kubernetes/pkg/apis/apps/validation. */
function validate({ spec }: ReplicaSet): Cause[] {
  const causes: Cause[] = [];
  const { selector, template, replicas, minReadySeconds } = spec ?? ({} as ReplicaSetSpec);
  checkNotNegative(causes, 'spec.replicas', replicas);
  checkNotNegative(causes, 'spec.minReadySeconds', minReadySeconds);
  checkWorkloadSelector(causes, selector, 'deployment');
  if (isUsableSelector(selector)) checkReplicatedTemplate(causes, template ?? {}, selector, 'spec.template');
  else causes.push(invalidValue('spec.selector', selector, 'invalid label selector'));
  return causes;
}

const SUBSETS = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'];

export const replicaSet: KindRules = {
  ...statusKept(() => ({ replicas: 0 })),
  defaults({ spec }: ReplicaSet) {
    if (!spec) return;
    spec.replicas ??= 1;
    defaultPodTemplate(spec.template);
  },
  validate,
  validateUpdate(object: ReplicaSet, old: ReplicaSet) {
    const causes = validate(object);
    checkImmutable(causes, 'spec.selector', object.spec?.selector, old.spec?.selector);
    return causes;
  },
  validateStatusUpdate({ status }: ReplicaSet) {
    const causes: Cause[] = [];
    const counts = (status ?? {}) as unknown as Record<string, number>;
    checkCounts(causes, counts, ['replicas', ...SUBSETS, 'observedGeneration', 'terminatingReplicas']);
    checkReplicaCounts(causes, counts, SUBSETS);
    return causes;
  },
  generationFrom: ['spec'],
  warnings: namedWorkloadWarnings,
};
