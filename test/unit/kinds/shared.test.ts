import { semanticEqual } from '../../../functions/apiserver/kinds/equal.ts';
import { checkCidr, checkIp, isStrictSubnet } from '../../../functions/apiserver/kinds/ip.ts';
import { isUsableSelector, selectorMatches } from '../../../functions/apiserver/kinds/label-selector.ts';
import type { Cause } from '../../../lib/api/status.ts';

test.each([
  [{ a: 1 }, { a: 1 }, true],
  [{ a: [] }, {}, true],
  [{ a: '' }, { a: undefined }, true],
  [{ a: { b: {} } }, {}, true],
  [{ a: [1, 2] }, { a: [2, 1] }, false],
  [{ a: 1 }, { a: 2 }, false],
  [{ a: 1 }, {}, false],
])('%j and %j are the same: %s', (a, b, same) => {
  expect(semanticEqual(a, b)).toBe(same);
  expect(semanticEqual(b, a)).toBe(same);
});

const faultsOf = (check: (causes: Cause[], value: string, field: string) => void, value: string) => {
  const causes: Cause[] = [];
  check(causes, value, 'f');
  return causes.map(({ message }) => message.replace(/^Invalid value: "[^"]*": /, ''));
};

test.each([
  ['10.0.0.1', []],
  ['2001:db8::1', []],
  ['10.0.0.256', ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
  ['010.0.0.1', ['must not have leading 0s']],
  ['::ffff:1.2.3.4', ['must not be an IPv4-mapped IPv6 address']],
])('the address %s', (value, faults) => {
  expect(faultsOf(checkIp, value)).toEqual(faults);
});

test.each([
  ['10.0.0.0/8', []],
  ['2001:db8::/64', []],
  ['10.0.0.0', ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
  ['10.0.0.0/33', ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)']],
])('the range %s', (value, faults) => {
  expect(faultsOf(checkCidr, value)).toEqual(faults);
});

test.each([
  ['10.1.0.0/16', '10.0.0.0/8', true],
  ['10.0.0.0/8', '10.0.0.0/8', false],
  ['11.0.0.0/16', '10.0.0.0/8', false],
])('%s lies within %s: %s', (inner, outer, within) => {
  expect(isStrictSubnet(inner, outer)).toBe(within);
});

test('a selector matches by labels and by expressions', () => {
  const selector = { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'NotIn', values: ['d'] }] };
  expect(selectorMatches(selector, { a: 'b' })).toBe(true);
  expect(selectorMatches(selector, { a: 'b', c: 'd' })).toBe(false);
  expect(selectorMatches(undefined, { a: 'b' })).toBe(false);
  expect(isUsableSelector({ matchExpressions: [{ key: 'c', operator: 'In' }] })).toBe(false);
});
