import { invalidValue, notSupported, required } from '../../../../lib/api/causes.ts';
import { dns1123Subdomain } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { FlowSchema, FlowSchemaSpec, PolicyRulesWithSubjects } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat, checkRequired } from '../check.ts';
import { onlyStatus, statusKept } from '../status.ts';

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
    checkRule(causes, rule, `spec.rules[${i}]`);
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

function checkRule(causes: Cause[], rule: PolicyRulesWithSubjects, path: string): void {
  const { resourceRules = [], nonResourceRules = [] } = rule;
  const subjects = rule.subjects ?? [];
  checkRequired(causes, `${path}.subjects`, subjects, 'subjects must contain at least one value');
  subjects.forEach(({ kind }, i) => {
    const kinds = ['Group', 'ServiceAccount', 'User'];
    if (!kinds.includes(kind)) causes.push(notSupported(`${path}.subjects[${i}].kind`, kind ?? '', kinds));
  });
  if (resourceRules.length + nonResourceRules.length === 0) {
    causes.push(required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  }
  resourceRules.forEach(({ verbs, apiGroups, resources, clusterScope, namespaces }, i) => {
    const at = `${path}.resourceRules[${i}]`;
    for (const [field, values] of Object.entries({ verbs, apiGroups, resources })) {
      checkRequired(causes, `${at}.${field}`, values);
    }
    if (!namespaces?.length && !clusterScope) {
      causes.push(
        required(`${at}.namespaces`, 'resource rules that are not cluster scoped must supply at least one namespace'),
      );
    }
  });
  nonResourceRules.forEach(({ verbs, nonResourceURLs }, i) => {
    const at = `${path}.nonResourceRules[${i}]`;
    checkRequired(causes, `${at}.verbs`, verbs, 'verbs must contain at least one value');
    checkRequired(causes, `${at}.nonResourceURLs`, nonResourceURLs, 'nonResourceURLs must contain at least one value');
  });
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
