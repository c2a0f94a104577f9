import { duplicateValue, forbiddenField, invalidValue, notSupported, required } from '../../../../lib/api/causes.ts';
import { dns1123Subdomain, pathSegment } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type {
  MutatingAdmissionPolicyBinding,
  ParamRef,
  ValidatingAdmissionPolicyBinding,
} from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat, checkRequired, checkRequiredOneOf } from '../check.ts';
import { checkLabelSelector } from '../label-selector.ts';
import { checkMatchResources, defaultMatchResources } from './rules.ts';

type Binding = ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding;

/** Source: validateValidatingAdmissionPolicyBindingSpec in k8s.io/kubernetes/pkg/apis/admissionregistration/validation. */
function validate({ spec = {} }: Binding): Cause[] {
  const causes: Cause[] = [];
  const { policyName } = spec;
  if (checkRequired(causes, 'spec.policyName', policyName)) {
    checkFormat(causes, 'spec.policyName', policyName!, dns1123Subdomain);
  }
  if (spec.paramRef) checkParamRef(causes, spec.paramRef, 'spec.paramRef');
  checkMatchResources(causes, spec.matchResources, 'spec.matchResources');
  return causes;
}

function checkParamRef(causes: Cause[], reference: ParamRef, path: string): void {
  const { name, selector, parameterNotFoundAction } = reference;
  const why = 'name and selector are mutually exclusive';
  if (name) checkFormat(causes, `${path}.name`, name, pathSegment);
  if (name && selector) causes.push(forbiddenField(`${path}.name`, why));
  checkLabelSelector(causes, selector, `${path}.selector`);
  if (name && selector) causes.push(forbiddenField(`${path}.selector`, why));
  if (!name && !selector) causes.push(required(path, 'one of name or selector must be specified'));
  checkRequiredOneOf(causes, `${path}.parameterNotFoundAction`, parameterNotFoundAction, ['Deny', 'Allow']);
}

const ACTIONS = ['Audit', 'Deny', 'Warn'];

function checkActions(causes: Cause[], actions: string[] = []): void {
  const path = 'spec.validationActions';
  actions.forEach((action, i) => {
    if (!ACTIONS.includes(action)) causes.push(notSupported(`${path}[${i}]`, action, ACTIONS));
    if (actions.indexOf(action) < i) causes.push(duplicateValue(`${path}[${i}]`, action));
  });
  if (actions.includes('Deny') && actions.includes('Warn')) {
    const why =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
    causes.push(invalidValue(path, actions, why));
  }
  checkRequired(causes, path, actions);
}

export const mutatingAdmissionPolicyBinding: KindRules = {
  defaults({ spec }: Binding) {
    defaultMatchResources(spec?.matchResources);
  },
  validate,
  validateUpdate: validate,
  generationFrom: ['spec'],
  unconditionalUpdate: false,
};

function validateWithActions(binding: ValidatingAdmissionPolicyBinding): Cause[] {
  const causes = validate(binding);
  checkActions(causes, binding.spec?.validationActions);
  return causes;
}

export const validatingAdmissionPolicyBinding: KindRules = {
  ...mutatingAdmissionPolicyBinding,
  validate: validateWithActions,
  validateUpdate: validateWithActions,
};
