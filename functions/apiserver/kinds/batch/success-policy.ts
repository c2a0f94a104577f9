import { invalidValue, required, tooLong, tooMany } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { JobSpec, SuccessPolicyRule } from '../../../../lib/api/types.ts';
import { checkNotNegative } from '../check.ts';

const RULES_MAX = 20;
const INDEXES_MAX_BYTES = 64 * 1024;

/** Source: validateSuccessPolicy in k8s.io/kubernetes/pkg/apis/batch/validation. */
export function checkSuccessPolicy(causes: Cause[], { successPolicy, completions = 0 }: JobSpec, path: string): void {
  const rules = successPolicy?.rules ?? [];
  if (rules.length === 0) {
    const why = 'at least one rules must be specified when the successPolicy is specified';
    causes.push(required(`${path}.rules`, why));
  }
  if (rules.length > RULES_MAX) causes.push(tooMany(`${path}.rules`, rules.length, RULES_MAX));
  rules.forEach((rule, i) => {
    checkRule(causes, rule, completions, `${path}.rules[${i}]`);
  });
}

function checkRule(causes: Cause[], rule: SuccessPolicyRule, completions: number, path: string): void {
  const { succeededCount: count, succeededIndexes: indexes } = rule;
  if (count === undefined && indexes === undefined) {
    causes.push(required(path, 'at least one of succeededCount or succeededIndexes must be specified'));
  }
  const total =
    indexes === undefined ? undefined : checkIndexes(causes, indexes, completions, `${path}.succeededIndexes`);
  if (count === undefined) return;
  const field = `${path}.succeededCount`;
  checkNotNegative(causes, field, count);
  if (count > completions) {
    const why = `must be less than or equal to ${completions} (the number of specified completions)`;
    causes.push(invalidValue(field, count, why));
  }
  if (total !== undefined && count > total) {
    const why = `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`;
    causes.push(invalidValue(field, count, why));
  }
}

/** `1,3-5`: how many indexes these are; 0 when they cannot be read. */
function checkIndexes(causes: Cause[], text: string, completions: number, field: string): number {
  if (text.length > INDEXES_MAX_BYTES) causes.push(tooLong(field, INDEXES_MAX_BYTES));
  if (text === '') return 0;
  let total = 0;
  let last = -1;
  for (const part of text.split(',')) {
    const [from, to = from] = part.split('-').map(Number) as [number, number?];
    const fault = intervalFault(part, from, to!, last, completions);
    if (fault) {
      causes.push(invalidValue(field, text, `error parsing succeededIndexes: ${fault}`));
      return 0;
    }
    total += to! - from + 1;
    last = to!;
  }
  return total;
}

function intervalFault(part: string, from: number, to: number, last: number, completions: number): string | undefined {
  if (!/^\d+(?:-\d+)?$/.test(part)) return `cannot convert string to integer for index: "${part}"`;
  if (from >= completions || to >= completions) return `too large index: "${from >= completions ? from : to}"`;
  if (part.includes('-') && from >= to) return `non-increasing order, previous: ${from}, current: ${to}`;
  return from <= last ? `non-increasing order, previous: ${last}, current: ${from}` : undefined;
}
