import { invalidValue, notSupported, required } from '../../../../lib/api/causes.ts';
import { dns1123Subdomain } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { FlowSchema, FlowSchemaSpec } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat } from '../check.ts';
import { onlyStatus, statusKept } from '../status.ts';
import { checkFlowRule } from './flow-rule.ts';

const PRECEDENCE = 1000;
const PRECEDENCE_MAX = 10_000;

/** Source: ValidateFlowSchemaSpec in k8s.io/kubernetes/pkg/apis/flowcontrol/validation. */
function validate({ metadata, spec: given }: FlowSchema): Cause[] {
  const causes: Cause[] = [];
  const spec = given ?? ({} as FlowSchemaSpec);
  checkPrecedence(causes, spec.matchingPrecedence ?? 0, metadata?.name);
  const { distinguisherMethod: method, priorityLevelConfiguration: level } = spec;
  if (method && !['ByNamespace', 'ByUser'].includes(method.type)) {
    causes.push(notSupported('spec.distinguisherMethod.type', method, ['ByNamespace', 'ByUser']));
  }
  const field = 'spec.priorityLevelConfiguration.name';
  if (level?.name) checkFormat(causes, field, level.name, dns1123Subdomain);
  else causes.push(required(field, 'must reference a priority level'));
  spec.rules?.forEach((rule, i) => {
    checkFlowRule(causes, rule, `spec.rules[${i}]`);
  });
  return causes;
}

function checkPrecedence(causes: Cause[], value: number, name: string | undefined): void {
  const field = 'spec.matchingPrecedence';
  if (value <= 0) causes.push(invalidValue(field, value, 'must be a positive value'));
  if (value > PRECEDENCE_MAX) causes.push(invalidValue(field, value, `must not be greater than ${PRECEDENCE_MAX}`));
  if (value === 1 && name !== 'exempt') {
    causes.push(invalidValue(field, value, "only the schema named 'exempt' may have matchingPrecedence 1"));
  }
}

export const flowSchema: KindRules = {
  ...statusKept(),
  prepareForStatusUpdate: onlyStatus,
  defaults({ spec }: FlowSchema) {
    if (spec) spec.matchingPrecedence ||= PRECEDENCE;
  },
  validate,
  validateUpdate: validate,
  generationFrom: ['spec'],
};
