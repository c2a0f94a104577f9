import { invalidValue, notSupported, required } from '../../../lib/api/causes.ts';
import { type FormatCheck, NEGATIVE_ERROR } from '../../../lib/api/names.ts';
import type { Cause } from '../../../lib/api/status.ts';
import { semanticEqual } from './equal.ts';

/** One fault for each way in which the value misses the format. */
export function checkFormat(causes: Cause[], field: string, value: string, format: FormatCheck): void {
  for (const fault of format(value)) causes.push(invalidValue(field, value, fault));
}

export function checkRequired(causes: Cause[], field: string, value: unknown, detail = ''): boolean {
  const given = value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
  if (!given) causes.push(required(field, detail));
  return given;
}

/** `supported` in the order in which upstream lists it: sorted, when it holds a set. */
export function checkOneOf(
  causes: Cause[],
  field: string,
  value: string | undefined,
  supported: readonly string[],
): void {
  if (!supported.includes(value ?? '')) causes.push(notSupported(field, value ?? '', supported));
}

/** As checkOneOf, where upstream tells an absent value from a wrong one. */
export function checkRequiredOneOf(
  causes: Cause[],
  field: string,
  value: string | undefined,
  supported: readonly string[],
): void {
  if (!value) causes.push(required(field));
  else checkOneOf(causes, field, value, supported);
}

export function checkNotNegative(causes: Cause[], field: string, value: number | undefined): void {
  if (value !== undefined && value < 0) causes.push(invalidValue(field, value, NEGATIVE_ERROR));
}

export const IMMUTABLE = 'field is immutable';

/** As checkImmutable, for fields that upstream checks by declaration: the new value is not shown. */
export function checkDeclaredImmutable(causes: Cause[], field: string, value: unknown, old: unknown): void {
  if (!semanticEqual(value, old)) causes.push(invalidValue(field, null, IMMUTABLE));
}

export function checkImmutable(causes: Cause[], field: string, value: unknown, old: unknown): void {
  if (!semanticEqual(value, old)) causes.push(invalidValue(field, value, IMMUTABLE));
}
