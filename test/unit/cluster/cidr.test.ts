import {
  addressAt,
  contains,
  firstFree,
  format,
  isCidr,
  overlaps,
  parseCidr,
  rangesFrom,
} from '../../../lib/cluster/network/cidr.ts';

test('addresses are counted over the bytes', () => {
  expect(addressAt(parseCidr('10.96.0.0/16'), 10)).toBe('10.96.0.10');
  expect(addressAt(parseCidr('10.244.0.0/16'), 3 * 256)).toBe('10.244.3.0');
  expect(addressAt(parseCidr('192.168.255.0/24'), 255)).toBe('192.168.255.255');
});

test.each([
  ['10.244.0.0/16', true],
  ['0.0.0.0/0', true],
  ['10.244.0.1/16', false],
  ['10.244.0.0', false],
  ['10.244.0.0/33', false],
  ['10.300.0.0/16', false],
  ['::/0', false],
])('%s is a range: %s', (text, expected) => expect(isCidr(text)).toBe(expected));

test('ranges overlap when one holds the other', () => {
  expect(overlaps(parseCidr('10.244.0.0/16'), parseCidr('10.244.7.0/24'))).toBe(true);
  expect(overlaps(parseCidr('10.244.7.0/24'), parseCidr('10.0.0.0/8'))).toBe(true);
  expect(overlaps(parseCidr('10.244.0.0/16'), parseCidr('10.245.0.0/16'))).toBe(false);
  expect(contains(parseCidr('10.96.0.0/16'), '10.96.255.1')).toBe(true);
  expect(contains(parseCidr('10.96.0.0/16'), '10.97.0.1')).toBe(false);
});

test('the first range that nothing uses is taken', () => {
  const used = ['192.168.80.0/24', '192.168.81.128/25'].map(parseCidr);
  expect(format(firstFree(rangesFrom('192.168.80.0', 24, 10), used)!)).toBe('192.168.82.0/24');
  expect(firstFree(rangesFrom('192.168.80.0', 24, 2), used)).toBeUndefined();
});
