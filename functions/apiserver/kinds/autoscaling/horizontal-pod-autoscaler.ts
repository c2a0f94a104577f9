import { invalidValue, required } from '../../../../lib/api/causes.ts';
import { NEGATIVE_ERROR, pathSegment } from '../../../../lib/api/names.ts';
import { parseQuantity } from '../../../../lib/api/quantity.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat, checkNotNegative, checkOneOf, checkRequired } from '../check.ts';
import { keepStatus } from '../status.ts';
import { checkMetrics } from './metrics.ts';

/** autoscaling/v1 knows one metric; the rest travels in annotations, see registry/conversions. */
const isV1 = (object: any) => object.apiVersion === 'autoscaling/v1';

const CPU_80 = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
};

const SCALE_UP = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
};
const SCALE_DOWN = { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] };

const hasMetrics = (object: any) => 'autoscaling.alpha.kubernetes.io/metrics' in (object.metadata?.annotations ?? {});

/** Source: SetDefaults_HorizontalPodAutoscaler in k8s.io/kubernetes/pkg/apis/autoscaling/v2/defaults.go. */
function defaults(object: any): void {
  const { spec } = object;
  if (!spec) return;
  spec.minReplicas ??= 1;
  if (isV1(object)) {
    if (!hasMetrics(object)) spec.targetCPUUtilizationPercentage ??= 80;
    return;
  }
  if (!spec.metrics?.length) spec.metrics = [structuredClone(CPU_80)];
  if (!spec.behavior) return;
  spec.behavior.scaleUp = { ...structuredClone(SCALE_UP), ...spec.behavior.scaleUp };
  spec.behavior.scaleDown = { ...structuredClone(SCALE_DOWN), ...spec.behavior.scaleDown };
}

/** Source: validateHorizontalPodAutoscalerSpec in k8s.io/kubernetes/pkg/apis/autoscaling/validation. */
function validate({ spec = {} }: any): Cause[] {
  const causes: Cause[] = [];
  const { minReplicas, maxReplicas = 0 } = spec;
  checkNotNegative(causes, 'spec.minReplicas', minReplicas);
  if (maxReplicas === 0) causes.push(required('spec.maxReplicas'));
  else if (maxReplicas < 0) {
    causes.push(invalidValue('spec.maxReplicas', maxReplicas, 'must be greater than or equal to 1'));
  }
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    causes.push(invalidValue('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'));
  }
  checkReference(causes, spec.scaleTargetRef ?? {}, 'spec.scaleTargetRef');
  checkMetrics(causes, spec.metrics ?? [], minReplicas);
  // The one metric of the first version.
  if (spec.targetCPUUtilizationPercentage < 1) {
    const field = 'spec.metrics[0].resource.target.averageUtilization';
    causes.push(invalidValue(field, spec.targetCPUUtilizationPercentage, 'must be greater than 0'));
  }
  checkRules(causes, spec.behavior?.scaleUp, 'spec.behavior.scaleUp');
  checkRules(causes, spec.behavior?.scaleDown, 'spec.behavior.scaleDown');
  return causes;
}

/** Source: ValidateCrossVersionObjectReference. */
export function checkReference(causes: Cause[], { kind, name, apiVersion = '' }: any, path: string): void {
  if (checkRequired(causes, `${path}.kind`, kind)) checkFormat(causes, `${path}.kind`, kind, pathSegment);
  if (checkRequired(causes, `${path}.name`, name)) checkFormat(causes, `${path}.name`, name, pathSegment);
  if (apiVersion.split('/').length > 2) {
    const why = `unexpected GroupVersion string: ${apiVersion}`;
    causes.push(invalidValue(`${path}.apiVersion`, apiVersion, why));
  } else if (!apiVersion.includes('/')) {
    causes.push(invalidValue(`${path}.apiVersion`, apiVersion, 'apiVersion must specify API group'));
  }
}

const WINDOW_MAX = 3600;
const PERIOD_MAX = 1800;

function checkRules(causes: Cause[], rules: any, path: string): void {
  if (!rules) return;
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules;
  const field = `${path}.stabilizationWindowSeconds`;
  if (window < 0) causes.push(invalidValue(field, window, 'must be greater than or equal to zero'));
  if (window > WINDOW_MAX) causes.push(invalidValue(field, window, `must be less than or equal to ${WINDOW_MAX}`));
  if (selectPolicy !== undefined) checkOneOf(causes, `${path}.selectPolicy`, selectPolicy, ['Disabled', 'Max', 'Min']);
  checkRequired(causes, `${path}.policies`, policies, 'must specify at least one Policy');
  policies.forEach((policy: any, i: number) => {
    checkPolicy(causes, policy, `${path}.policies[${i}]`);
  });
  if (tolerance !== undefined && parseQuantity(String(tolerance)).sign() < 0) {
    causes.push(invalidValue(`${path}.tolerance`, tolerance, NEGATIVE_ERROR));
  }
}

function checkPolicy(causes: Cause[], { type, value = 0, periodSeconds = 0 }: any, path: string): void {
  checkOneOf(causes, `${path}.type`, type, ['Percent', 'Pods']);
  if (value <= 0) causes.push(invalidValue(`${path}.value`, value, 'must be greater than zero'));
  const field = `${path}.periodSeconds`;
  if (periodSeconds <= 0) causes.push(invalidValue(field, periodSeconds, 'must be greater than zero'));
  if (periodSeconds > PERIOD_MAX) {
    causes.push(invalidValue(field, periodSeconds, `must be less than or equal to ${PERIOD_MAX}`));
  }
}

export const horizontalPodAutoscaler: KindRules = {
  defaults,
  prepareForCreate(object: any) {
    object.status = isV1(object)
      ? { currentReplicas: 0, desiredReplicas: 0 }
      : { desiredReplicas: 0, currentMetrics: null };
  },
  prepareForUpdate: keepStatus,
  validate,
  validateUpdate: validate,
  validateStatusUpdate({ status = {} }: any) {
    const causes: Cause[] = [];
    for (const field of ['currentReplicas', 'desiredReplicas']) {
      checkNotNegative(causes, `status.${field}`, status[field]);
    }
    return causes;
  },
  generationFrom: ['spec'],
};
