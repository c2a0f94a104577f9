import { forbiddenField, invalidValue, required } from '../../../lib/api/causes.ts';
import { labelValue } from '../../../lib/api/names.ts';
import type { Cause } from '../../../lib/api/status.ts';
import type { LabelSelector, LabelSelectorRequirement } from '../../../lib/api/types.ts';
import { checkFormat } from './check.ts';
import { checkLabelKey, checkLabels } from './metadata.ts';

/** metav1.LabelSelector. Source: k8s.io/apimachinery/pkg/apis/meta/v1/validation. */
export function checkLabelSelector(causes: Cause[], selector: LabelSelector | undefined, path: string): void {
  if (!selector) return;
  checkLabels(causes, selector.matchLabels, `${path}.matchLabels`);
  selector.matchExpressions?.forEach((requirement, i) => {
    checkRequirement(causes, requirement, `${path}.matchExpressions[${i}]`);
  });
}

function checkRequirement(causes: Cause[], requirement: LabelSelectorRequirement, path: string): void {
  checkOperator(causes, requirement, path);
  checkLabelKey(causes, `${path}.key`, requirement.key ?? '');
  requirement.values?.forEach((value, i) => {
    checkFormat(causes, `${path}.values[${i}]`, value, labelValue);
  });
}

function checkOperator(causes: Cause[], { operator, values = [] }: LabelSelectorRequirement, path: string): void {
  const field = `${path}.values`;
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) causes.push(required(field, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length === 0) return;
    causes.push(forbiddenField(field, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else causes.push(invalidValue(`${path}.operator`, operator ?? '', 'not a valid selector operator'));
}

export function isEmptySelector(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions?.length ?? 0) === 0;
}

/** Whether a selector can be made of it. Source: LabelSelectorAsSelector in k8s.io/apimachinery. */
export function isUsableSelector(selector: LabelSelector | undefined): boolean {
  return (selector?.matchExpressions ?? []).every(({ operator, values = [] }) => {
    const listed = operator === 'In' || operator === 'NotIn';
    return listed ? values.length > 0 : (operator === 'Exists' || operator === 'DoesNotExist') && values.length === 0;
  });
}

/** Whether the labels satisfy the selector. An absent selector matches nothing, an empty one everything. */
export function selectorMatches(selector: LabelSelector | undefined, labels: Record<string, string> = {}): boolean {
  if (!selector) return false;
  for (const key in selector.matchLabels) if (labels[key] !== selector.matchLabels[key]) return false;
  return (selector.matchExpressions ?? []).every((requirement) => requirementMatches(requirement, labels));
}

function requirementMatches(
  { key, operator, values = [] }: LabelSelectorRequirement,
  labels: Record<string, string>,
): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    default:
      return value === undefined;
  }
}
