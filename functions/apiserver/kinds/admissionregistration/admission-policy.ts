import { duplicateValue, invalidValue, required } from '../../../../lib/api/causes.ts';
import { dns1035Label, dns1123Subdomain, qualifiedName } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicySpec,
  ParamKind,
  ValidatingAdmissionPolicy,
  Validation,
} from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat, checkOneOf, checkRequired } from '../check.ts';
import { onlyStatus, statusKept } from '../status.ts';
import { checkMatchConditions, checkMatchResources, defaultMatchResources, FAILURE_POLICIES } from './rules.ts';

/** What both kinds of policy share. Expressions are stored, not compiled. */
type Policy = ValidatingAdmissionPolicy | MutatingAdmissionPolicy;

function defaults({ spec }: Policy): void {
  if (!spec) return;
  spec.failurePolicy ??= 'Fail';
  defaultMatchResources(spec.matchConstraints);
}

/** Source: validateValidatingAdmissionPolicySpec in k8s.io/kubernetes/pkg/apis/admissionregistration/validation. */
function checkShared(causes: Cause[], { spec = {} }: Policy): void {
  checkOneOf(causes, 'spec.failurePolicy', spec.failurePolicy, FAILURE_POLICIES);
  if (spec.paramKind) checkParamKind(causes, spec.paramKind, 'spec.paramKind');
  if (!spec.matchConstraints) causes.push(required('spec.matchConstraints'));
  else {
    checkMatchResources(causes, spec.matchConstraints, 'spec.matchConstraints');
    checkRequired(causes, 'spec.matchConstraints.resourceRules', spec.matchConstraints.resourceRules);
  }
  checkMatchConditions(causes, spec.matchConditions, 'spec.matchConditions');
  spec.variables?.forEach(({ name, expression = '' }, i) => {
    const path = `spec.variables[${i}]`;
    if (!name) causes.push(required(`${path}.name`, 'name is not specified'));
    else if (!isCelIdentifier(name)) {
      causes.push(invalidValue(`${path}.name`, name, 'must be a valid CEL identifier'));
    }
    checkRequired(causes, `${path}.expression`, expression.trim(), 'expression is not specified');
  });
}

/** Source: isCELIdentifier, and the CEL language definition. */
function isCelIdentifier(name: string): boolean {
  return /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) && !CEL_RESERVED.has(name);
}

const CEL_RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

export function checkParamKind(causes: Cause[], { apiVersion = '', kind = '' }: ParamKind, path: string): void {
  const field = `${path}.apiVersion`;
  if (apiVersion.split('/').length > 2) {
    causes.push(invalidValue(field, apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  } else if (checkRequired(causes, field, apiVersion)) {
    const [version = '', group = ''] = apiVersion.split('/').reverse();
    const faults = group ? dns1123Subdomain(group) : [];
    if (faults.length > 0) causes.push(invalidValue(field, group, faults.join(',')));
    const versionFaults = dns1035Label(version);
    if (versionFaults.length > 0) causes.push(invalidValue(field, version, versionFaults.join(',')));
  }
  if (!checkRequired(causes, `${path}.kind`, kind)) return;
  const faults = dns1035Label(kind.toLowerCase());
  if (faults.length === 0) return;
  const why = `may have mixed case, but should otherwise match: ${faults.join(',')}`;
  causes.push(invalidValue(`${path}.kind`, kind, why));
}

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];

function validatePolicy(policy: ValidatingAdmissionPolicy): Cause[] {
  const causes: Cause[] = [];
  checkShared(causes, policy);
  const { validations = [], auditAnnotations = [] } = policy.spec ?? {};
  if (validations.length + auditAnnotations.length === 0) {
    const why = 'validations or auditAnnotations must contain at least one item';
    causes.push(required('spec.validations', why), required('spec.auditAnnotations', why));
  }
  validations.forEach((validation, i) => {
    checkValidation(causes, validation, `spec.validations[${i}]`);
  });
  const keys = new Set<string>();
  auditAnnotations.forEach(({ key, valueExpression = '' }, i) => {
    const path = `spec.auditAnnotations[${i}]`;
    checkFormat(causes, `${path}.key`, `${policy.metadata?.name}/${key}`, qualifiedName);
    checkRequired(causes, `${path}.valueExpression`, valueExpression.trim(), 'valueExpression is not specified');
    if (keys.has(key)) causes.push(duplicateValue(`${path}.key`, key));
    keys.add(key);
  });
  return causes;
}

function checkValidation(causes: Cause[], validation: Validation, path: string): void {
  const { expression = '', message, messageExpression, reason } = validation;
  checkRequired(causes, `${path}.expression`, expression.trim(), 'expression is not specified');
  for (const [field, text] of Object.entries({ messageExpression, message })) {
    if (text && !text.trim()) causes.push(invalidValue(`${path}.${field}`, text, 'must be non-empty if specified'));
  }
  if (message?.trim().includes('\n')) {
    causes.push(invalidValue(`${path}.message`, message, 'must not contain line breaks'));
  }
  if (reason !== undefined) checkOneOf(causes, `${path}.reason`, reason, REASONS);
}

export const validatingAdmissionPolicy: KindRules = {
  ...statusKept(),
  prepareForStatusUpdate: onlyStatus,
  defaults,
  validate: validatePolicy,
  validateUpdate: validatePolicy,
  generationFrom: ['spec'],
  unconditionalUpdate: false,
};

function validateMutating(policy: MutatingAdmissionPolicy): Cause[] {
  const causes: Cause[] = [];
  checkShared(causes, policy);
  const spec: MutatingAdmissionPolicySpec = policy.spec ?? {};
  if (!spec.mutations?.length) causes.push(required('spec.mutations', 'mutations must contain at least one item'));
  spec.mutations?.forEach((mutation, i) => {
    const path = `spec.mutations[${i}]`;
    checkOneOf(causes, `${path}.patchType`, mutation.patchType, ['ApplyConfiguration', 'JSONPatch']);
    const field = mutation.patchType === 'JSONPatch' ? 'jsonPatch' : 'applyConfiguration';
    checkRequired(
      causes,
      `${path}.${field}.expression`,
      mutation[field]?.expression?.trim(),
      'expression is not specified',
    );
  });
  if (spec.reinvocationPolicy)
    checkOneOf(causes, 'spec.reinvocationPolicy', spec.reinvocationPolicy, ['IfNeeded', 'Never']);
  else causes.push(required('spec.reinvocationPolicy'));
  return causes;
}

export const mutatingAdmissionPolicy: KindRules = {
  defaults,
  validate: validateMutating,
  validateUpdate: validateMutating,
  generationFrom: ['spec'],
  unconditionalUpdate: false,
};
