import { invalidValue } from '../causes.ts';
import type { Field } from '../field-path.ts';
import { labelValue, qualifiedName } from '../names.ts';
import type { Cause } from '../status.ts';
import type { LabelSelector } from '../types.ts';

/**
 * Label selectors: requirements that all must hold.
 * Source: k8s.io/apimachinery/pkg/labels/selector.go and pkg/apis/meta/v1/helpers.go.
 */
export type Operator = 'in' | 'notin' | '=' | '==' | '!=' | 'gt' | 'lt' | 'exists' | '!';

export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  /** Sorted. */
  readonly values: readonly string[];
}

export type Labels = Readonly<Record<string, string>> | undefined;

export interface LabelMatcher {
  readonly requirements: readonly Requirement[];
  matches(labels: Labels): boolean;
  /** Selects everything. */
  readonly empty: boolean;
  toString(): string;
}

const INTEGER = /^[+-]?\d+$/;

export function labelMatcher(requirements: readonly Requirement[]): LabelMatcher {
  const sorted = requirements.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return {
    requirements: sorted,
    empty: sorted.length === 0,
    matches: (labels) => sorted.every((requirement) => satisfies(requirement, labels)),
    toString: () => sorted.map(requirementText).join(','),
  };
}

export const everything: LabelMatcher = labelMatcher([]);
export const nothing: LabelMatcher = { requirements: [], empty: false, matches: () => false, toString: () => '' };

function satisfies({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = labels && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'in':
    case '=':
    case '==':
      return value !== undefined && values.includes(value);
    case 'notin':
    case '!=':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case 'gt':
    case 'lt':
      return value !== undefined && compares(value, operator, values[0]!);
  }
}

function compares(value: string, operator: 'gt' | 'lt', bound: string): boolean {
  if (!INTEGER.test(value) || !INTEGER.test(bound)) return false;
  return operator === 'gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
}

const SYMBOLS = { '=': '=', '==': '==', '!=': '!=', gt: '>', lt: '<' } as const;

function requirementText({ key, operator, values }: Requirement): string {
  if (operator === 'exists') return key;
  if (operator === '!') return `!${key}`;
  if (operator === 'in' || operator === 'notin') return `${key} ${operator} (${values.join(',')})`;
  return `${key}${SYMBOLS[operator]}${values.join(',')}`;
}

/** The matcher of a LabelSelector object: absent selects nothing, empty everything. Expects a valid selector. */
export function fromLabelSelector(selector: LabelSelector | undefined): LabelMatcher {
  if (!selector) return nothing;
  const equal = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
    key,
    operator: '=' as const,
    values: [value],
  }));
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values }) => ({
    key,
    operator: OBJECT_OPERATORS[operator] ?? '!',
    values: (values ?? []).toSorted(),
  }));
  return labelMatcher([...equal, ...expressions]);
}

const OBJECT_OPERATORS: Readonly<Record<string, Operator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  Gt: 'gt',
  Lt: 'lt',
};

/** The matcher of a plain map, as Services and ReplicationControllers have: every label must be equal; an empty map is everything. */
export function fromLabelSet(set: Labels): LabelMatcher {
  return fromLabelSelector({ matchLabels: { ...set } });
}

/** The text of a LabelSelector as the Table and Scale show it. Source: metav1.FormatLabelSelector. */
export function formatLabelSelector(selector: LabelSelector | undefined): string {
  if (!selector) return '<none>';
  return fromLabelSelector(selector).toString() || '<none>';
}

/** What is wrong with one requirement; `path` is empty for a selector in a query. */
export function requirementFaults(
  { key, operator, values }: Requirement,
  path: { key: Field; values: string },
): Cause[] {
  const faults: Cause[] = [];
  const keyFaults = qualifiedName(key);
  if (keyFaults.length > 0) faults.push(invalidValue(path.key, key, keyFaults.join('; ')));
  const fault = valuesFault(operator, values);
  if (fault) faults.push(invalidValue(path.values, values, fault));
  values.forEach((value, index) => {
    const at = `${path.values}[${index}]`;
    if ((operator === 'gt' || operator === 'lt') && !INTEGER.test(value)) {
      faults.push(invalidValue(at, value, "for 'Gt', 'Lt' operators, the value must be an integer"));
    }
    const valueFaults = labelValue(value);
    if (valueFaults.length > 0) faults.push(invalidValue(`${at}[${key}]`, value, valueFaults.join('; ')));
  });
  return faults;
}

function valuesFault(operator: Operator, values: readonly string[]): string | undefined {
  const one = values.length === 1;
  if (operator === 'in' || operator === 'notin') {
    return values.length > 0 ? undefined : "for 'in', 'notin' operators, values set can't be empty";
  }
  if (operator === 'exists' || operator === '!') {
    return values.length === 0 ? undefined : 'values set must be empty for exists and does not exist';
  }
  if (one) return undefined;
  const comparing = operator === 'gt' || operator === 'lt';
  return comparing
    ? "for 'Gt', 'Lt' operators, exactly one value is required"
    : 'exact-match compatibility requires one single value';
}
