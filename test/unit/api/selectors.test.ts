import { fromLabelSelector, parseFieldSelector, parseLabelSelector } from '../../../lib/api/selectors.ts';

const labels = { app: 'web', tier: 'front', n: '5' };

test.each<[string, boolean]>([
  ['', true],
  ['app=web', true],
  ['app==web,tier!=back', true],
  ['app in (a,web),!missing', true],
  ['app notin (web)', false],
  ['missing notin (web)', true],
  ['app,missing', false],
  ['n>4,n<6', true],
  ['n>5', false],
  ['in in (in)', false],
])('labels against %j: %s', (selector, matches) => {
  expect(parseLabelSelector(selector).matches(labels)).toBe(matches);
});

test.each([
  ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
  ['a,', "found '', expected: identifier after ','"],
  ['=a', "found '=', expected: !, identifier, or 'end of string'"],
  [
    'a>x',
    "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
  ],
])('%j is no selector', (selector, message) => {
  expect(() => parseLabelSelector(selector)).toThrow(message);
});

test('a LabelSelector object: absent selects nothing, empty everything', () => {
  expect(fromLabelSelector(undefined).matches(labels)).toBe(false);
  expect(fromLabelSelector({}).matches(undefined)).toBe(true);
  const selector = {
    matchLabels: { app: 'web' },
    matchExpressions: [{ key: 'tier', operator: 'In', values: ['x', 'front'] }],
  };
  expect(fromLabelSelector(selector).matches(labels)).toBe(true);
  expect(fromLabelSelector(selector).toString()).toBe('app=web,tier in (front,x)');
});

test('field selectors read fields as text and unescape values', () => {
  const read = (field: string) => ({ 'metadata.name': 'a,b', 'spec.nodeName': '' })[field] ?? '';
  expect(parseFieldSelector('metadata.name=a\\,b,spec.nodeName!=n').matches(read)).toBe(true);
  expect(parseFieldSelector('spec.nodeName=').matches(read)).toBe(true);
  expect(() => parseFieldSelector('nothing')).toThrow("invalid selector: 'nothing'; can't understand 'nothing'");
  expect(() => parseFieldSelector('a=b\\c')).toThrow('invalid field selector: invalid escape sequence: \\c');
});
