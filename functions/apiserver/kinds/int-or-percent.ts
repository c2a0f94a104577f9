import { invalidValue } from '../../../lib/api/causes.ts';
import { percent } from '../../../lib/api/names.ts';
import type { Cause } from '../../../lib/api/status.ts';
import type { IntOrString } from '../../../lib/api/types.ts';
import { checkFormat, checkNotNegative } from './check.ts';

/** Source: ValidatePositiveIntOrPercent and IsNotMoreThan100Percent in k8s.io/kubernetes/pkg/apis/apps/validation. */
export function checkIntOrPercent(causes: Cause[], value: IntOrString, field: string): void {
  if (typeof value === 'string') checkFormat(causes, field, value, percent);
  else checkNotNegative(causes, field, value);
}

export function checkAtMost100Percent(causes: Cause[], value: IntOrString, field: string): void {
  if (typeof value !== 'string' || percent(value).length > 0 || Number.parseInt(value, 10) <= 100) return;
  causes.push(invalidValue(field, value, 'must not be greater than 100%'));
}

/** The number, with or without its percent sign. */
export function intOrPercentNumber(value: IntOrString): number {
  return typeof value === 'number' ? value : Number.parseInt(value, 10) || 0;
}
