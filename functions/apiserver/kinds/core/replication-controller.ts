import type { Cause } from '../../../../lib/api/status.ts';
import type { ReplicationController, ReplicationControllerSpec } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkNotNegative, checkRequired } from '../check.ts';
import { defaultPodTemplate } from '../pod-spec/defaults.ts';
import { checkReplicatedTemplate } from '../pod-spec/template.ts';
import { checkCounts, checkReplicaCounts } from '../replica-status.ts';
import { statusKept } from '../status.ts';
import { namedWorkloadWarnings } from '../warnings/workload.ts';

/** The template's labels select, and label the controller itself. Source: SetDefaults_ReplicationController. */
function defaults(object: ReplicationController): void {
  const { spec } = object;
  if (!spec) return;
  const labels = spec.template?.metadata?.labels;
  if (labels) {
    if (isEmpty(spec.selector)) spec.selector = { ...labels };
    object.metadata ??= {};
    if (isEmpty(object.metadata.labels)) object.metadata.labels = { ...labels };
  }
  spec.replicas ??= 1;
  defaultPodTemplate(spec.template);
}

const isEmpty = (map: Record<string, string> | undefined) => Object.keys(map ?? {}).length === 0;

/** Source: ValidateReplicationControllerSpec in k8s.io/kubernetes/pkg/apis/core/validation. */
function validate({ spec }: ReplicationController): Cause[] {
  const causes: Cause[] = [];
  const { minReadySeconds, replicas, selector, template } = spec ?? ({} as ReplicationControllerSpec);
  checkNotNegative(causes, 'spec.minReadySeconds', minReadySeconds);
  checkRequired(causes, 'spec.selector', Object.keys(selector ?? {}));
  checkNotNegative(causes, 'spec.replicas', replicas);
  checkReplicatedTemplate(causes, template, { matchLabels: selector }, 'spec.template', 'ReplicationController');
  return causes;
}

const SUBSETS = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'];

export const replicationController: KindRules = {
  ...statusKept(() => ({ replicas: 0 })),
  defaults,
  validate,
  validateUpdate: validate,
  validateStatusUpdate({ status }: ReplicationController) {
    const causes: Cause[] = [];
    const counts = (status ?? {}) as unknown as Record<string, number>;
    checkCounts(causes, counts, ['replicas', ...SUBSETS, 'observedGeneration']);
    checkReplicaCounts(causes, counts, SUBSETS);
    return causes;
  },
  selectableFields: { 'status.replicas': ({ status }: ReplicationController) => String(status?.replicas ?? 0) },
  generationFrom: ['spec'],
  defaultPropagation: 'Orphan',
  warnings: namedWorkloadWarnings,
};
