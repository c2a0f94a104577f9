import { forbiddenField, invalidValue, notSupported, required } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { Deployment, DeploymentSpec, DeploymentStrategy } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkImmutable, checkNotNegative } from '../check.ts';
import { semanticEqual } from '../equal.ts';
import { checkAtMost100Percent, checkIntOrPercent, intOrPercentNumber } from '../int-or-percent.ts';
import { isUsableSelector } from '../label-selector.ts';
import { defaultPodTemplate } from '../pod-spec/defaults.ts';
import { checkReplicatedTemplate } from '../pod-spec/template.ts';
import { checkCollisionCount, checkCounts, checkReplicaCounts } from '../replica-status.ts';
import { statusKept } from '../status.ts';
import { namedWorkloadWarnings } from '../warnings/workload.ts';
import { checkWorkloadSelector } from './selector.ts';

/** Source: SetDefaults_Deployment in k8s.io/kubernetes/pkg/apis/apps/v1/defaults.go. */
function defaults({ spec }: Deployment): void {
  if (!spec) return;
  spec.replicas ??= 1;
  spec.strategy ??= {};
  const { strategy } = spec;
  strategy.type ||= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {};
    strategy.rollingUpdate.maxUnavailable ??= '25%';
    strategy.rollingUpdate.maxSurge ??= '25%';
  }
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  defaultPodTemplate(spec.template);
}

/** Source: ValidateDeploymentSpec in k8s.io/kubernetes/pkg/apis/apps/validation. */
function validate({ spec }: Deployment): Cause[] {
  const causes: Cause[] = [];
  const { selector, template, strategy = {}, ...rest } = spec ?? ({} as DeploymentSpec);
  checkNotNegative(causes, 'spec.replicas', rest.replicas);
  checkWorkloadSelector(causes, selector, 'deployment');
  if (isUsableSelector(selector)) checkReplicatedTemplate(causes, template ?? {}, selector, 'spec.template');
  else causes.push(invalidValue('spec.selector', selector, 'invalid label selector'));
  checkStrategy(causes, strategy);
  for (const field of ['minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds'] as const) {
    checkNotNegative(causes, `spec.${field}`, rest[field]);
  }
  const { progressDeadlineSeconds: deadline, minReadySeconds = 0 } = rest;
  if (deadline !== undefined && deadline <= minReadySeconds) {
    causes.push(invalidValue('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
  }
  return causes;
}

function checkStrategy(causes: Cause[], strategy: DeploymentStrategy): void {
  const path = 'spec.strategy';
  const { type, rollingUpdate } = strategy;
  if (type === 'Recreate') {
    if (!rollingUpdate) return;
    const why = "may not be specified when strategy `type` is 'Recreate'";
    causes.push(forbiddenField(`${path}.rollingUpdate`, why));
  } else if (type !== 'RollingUpdate') {
    causes.push(
      notSupported(path, { Type: type, RollingUpdate: rollingUpdate ?? null }, ['Recreate', 'RollingUpdate']),
    );
  } else if (!rollingUpdate) {
    causes.push(required(`${path}.rollingUpdate`, 'this should be defaulted and never be nil'));
  } else checkRollingUpdate(causes, rollingUpdate, `${path}.rollingUpdate`);
}

function checkRollingUpdate(
  causes: Cause[],
  { maxUnavailable = 0, maxSurge = 0 }: NonNullable<DeploymentStrategy['rollingUpdate']>,
  path: string,
): void {
  checkIntOrPercent(causes, maxUnavailable, `${path}.maxUnavailable`);
  checkIntOrPercent(causes, maxSurge, `${path}.maxSurge`);
  if (intOrPercentNumber(maxUnavailable) === 0 && intOrPercentNumber(maxSurge) === 0) {
    causes.push(invalidValue(`${path}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'));
  }
  checkAtMost100Percent(causes, maxUnavailable, `${path}.maxUnavailable`);
}

const SUBSETS = ['updatedReplicas', 'readyReplicas', 'availableReplicas'];
const COUNTS = [
  'observedGeneration',
  'replicas',
  ...SUBSETS,
  'unavailableReplicas',
  'terminatingReplicas',
  'collisionCount',
];

const kept = statusKept();

export const deployment: KindRules = {
  ...kept,
  /** A changed annotation raises the generation too. Source: deploymentStrategy.PrepareForUpdate. */
  prepareForUpdate(object: Deployment, old: Deployment, context) {
    kept.prepareForUpdate!(object, old, context);
    const { metadata } = object;
    if (metadata && !semanticEqual(metadata.annotations, old.metadata?.annotations)) {
      metadata.generation = (old.metadata?.generation ?? 0) + 1;
    }
  },
  defaults,
  /** The one kind whose labels are not for the status door. Source: deploymentStatusStrategy.PrepareForUpdate. */
  prepareForStatusUpdate(object: Deployment, old: Deployment) {
    object.spec = old.spec;
    object.metadata = { ...object.metadata, labels: old.metadata?.labels };
  },
  validate,
  validateUpdate(object: Deployment, old: Deployment) {
    const causes = validate(object);
    checkImmutable(causes, 'spec.selector', object.spec?.selector, old.spec?.selector);
    return causes;
  },
  validateStatusUpdate({ status = {} }: Deployment, old: Deployment) {
    const causes: Cause[] = [];
    checkCounts(causes, status as Record<string, number>, COUNTS);
    checkReplicaCounts(causes, status as Record<string, number>, SUBSETS);
    checkCollisionCount(causes, status as Record<string, number>, (old.status ?? {}) as Record<string, number>);
    return causes;
  },
  generationFrom: ['spec'],
  warnings: namedWorkloadWarnings,
};
