import type { Field } from './field-path.ts';
import { goJson, goQuote } from './go-text.ts';
import type { Cause, CauseType } from './status.ts';

/**
 * Builders of field faults, worded as k8s.io/apimachinery/pkg/util/validation/field/errors.go words them.
 * They are used as `causes.push(required(path.child('name'), ''))`.
 */
function cause(reason: CauseType, field: Field, body: string, detail: string): Cause {
  return { reason, message: detail ? `${body}: ${detail}` : body, field: String(field) };
}

/** The bad value as ErrorBody prints it: strings as %q, everything else as JSON. */
export function badValue(value: unknown): string {
  return typeof value === 'string' ? goQuote(value) : goJson(value ?? null);
}

export const required = (field: Field, detail = ''): Cause =>
  cause('FieldValueRequired', field, 'Required value', detail);

export const invalidValue = (field: Field, value: unknown, detail: string): Cause =>
  cause('FieldValueInvalid', field, `Invalid value: ${badValue(value)}`, detail);

export const typeInvalid = (field: Field, value: unknown, detail: string): Cause =>
  cause('FieldValueTypeInvalid', field, `Invalid value: ${badValue(value)}`, detail);

/** The values are listed in the order given: upstream sorts its sets, so pass them sorted where it does. */
export const notSupported = (field: Field, value: unknown, supported: readonly string[]): Cause =>
  cause(
    'FieldValueNotSupported',
    field,
    `Unsupported value: ${badValue(value)}`,
    supported.length > 0 ? `supported values: ${supported.map(goQuote).join(', ')}` : '',
  );

export const forbiddenField = (field: Field, detail: string): Cause =>
  cause('FieldValueForbidden', field, 'Forbidden', detail);

export const duplicateValue = (field: Field, value: unknown): Cause =>
  cause('FieldValueDuplicate', field, `Duplicate value: ${badValue(value)}`, '');

export const notFoundValue = (field: Field, value: unknown): Cause =>
  cause('FieldValueNotFound', field, `Not found: ${badValue(value)}`, '');

/** More than `maxBytes` bytes of UTF-8. The value itself is not shown. */
export const tooLong = (field: Field, maxBytes: number): Cause =>
  cause('FieldValueTooLong', field, 'Too long', atMost(maxBytes));

function atMost(limit: number): string {
  return limit < 0 ? 'value is too long' : `may not be more than ${limit} byte${limit === 1 ? '' : 's'}`;
}

/** A negative `actual` leaves the number out. */
export const tooMany = (field: Field, actual: number, max: number): Cause =>
  cause(
    'FieldValueTooMany',
    field,
    actual < 0 ? 'Too many' : `Too many: ${actual}`,
    max < 0 ? 'has too many items' : `must have at most ${max} item${max === 1 ? '' : 's'}`,
  );

export const tooFew = (field: Field, actual: number, min: number): Cause =>
  cause(
    'FieldValueTooFew',
    field,
    `Too few: ${actual}`,
    min < 0 ? 'has too few items' : `must have at least ${min} item${min === 1 ? '' : 's'}`,
  );
