import * as causes from '../../../lib/api/causes.ts';
import { FieldPath } from '../../../lib/api/field-path.ts';
import type { Cause } from '../../../lib/api/status.ts';

const path = FieldPath.of('spec', 'containers').index(0).child('env').key('A');

const cases: [string, Cause, string][] = [
  ['a missing value', causes.required(path.child('name')), 'Required value'],
  ['a missing value with a reason', causes.required(path, 'must be set'), 'Required value: must be set'],
  [
    'a string in Go quotes',
    causes.invalidValue(path, 'a"b\n\u00e9\u200b', 'no'),
    'Invalid value: "a\\"b\\né\\u200b": no',
  ],
  ['a number', causes.invalidValue(path, -1, 'no'), 'Invalid value: -1: no'],
  ['an object as Go JSON', causes.invalidValue(path, { a: '<b>' }, 'no'), 'Invalid value: {"a":"\\u003cb\\u003e"}: no'],
  ['nothing', causes.invalidValue(path, undefined, 'no'), 'Invalid value: null: no'],
  [
    'the supported values',
    causes.notSupported(path, 'x', ['A', 'B']),
    'Unsupported value: "x": supported values: "A", "B"',
  ],
  ['a forbidden field', causes.forbiddenField(path, 'may not'), 'Forbidden: may not'],
  ['a duplicate', causes.duplicateValue(path, 'x'), 'Duplicate value: "x"'],
  ['one byte', causes.tooLong(path, 1), 'Too long: may not be more than 1 byte'],
  ['many bytes', causes.tooLong(path, 63), 'Too long: may not be more than 63 bytes'],
  ['too many', causes.tooMany(path, 3, 2), 'Too many: 3: must have at most 2 items'],
  ['too few', causes.tooFew(path, 0, 1), 'Too few: 0: must have at least 1 item'],
];

test.each(cases)('%s is worded as field.Error words it', (_name, cause, message) => {
  expect(cause.message).toBe(message);
});

test('a path joins names with dots, indices and keys with brackets', () => {
  expect(causes.required(path.child('name')).field).toBe('spec.containers[0].env[A].name');
  expect(String(FieldPath.of('metadata').key(''))).toBe('metadata[]');
});
