import { canonicalQuantity, parseQuantity, Quantity } from '../../../lib/api/quantity.ts';

const canonical: [string, string][] = [
  ['0', '0'], ['0Ki', '0'], ['0.0', '0'], ['-0', '0'], ['100m', '100m'], ['0.1', '100m'], ['1.5', '1500m'], ['1000m', '1'],
  ['1000', '1k'], ['1500', '1500'], ['2000000', '2M'], ['1.5Gi', '1536Mi'], ['1024Ki', '1Mi'], ['8Gi', '8Gi'], ['128974848', '128974848'],
  ['129e6', '129e6'], ['1e3', '1e3'], ['1E3', '1E3'], ['10e3', '10e3'], ['1e4', '10e3'], ['1000e3', '1e6'], ['0.5Mi', '512Ki'],
  ['0.001Ki', '1024m'], ['100Mi', '100Mi'], ['1Ki', '1Ki'], ['0.0000000001', '1n'], ['5u', '5u'], ['-1.5', '-1500m'], ['1.500', '1.500'],
  ['9223372036854775807Ki', '9223372036854775807'], ['1.', '1.'], ['.5', '500m'], ['123456789012345678901', '123456789012345678901'],
]; // biome-ignore format: a table

test.each(canonical)('%s is written %s', (text, expected) => {
  expect(canonicalQuantity(text)).toBe(expected);
});

test.each(['', 'abc', '1 Gi', '1Gi ', '1.2.3', '{}'])('%j is not a quantity', (text) => {
  expect(() => parseQuantity(text)).toThrow('quantities must match the regular expression');
});

test.each(['1gi', '1GI', '1K', '1ee', '1e', '1mm'])('%s has no known suffix', (text) => {
  expect(() => parseQuantity(text)).toThrow(/suffix|regular expression/);
});

test('values round away from zero', () => {
  expect(parseQuantity('1500m').value()).toBe(2);
  expect(parseQuantity('-1500m').value()).toBe(-2);
  expect(parseQuantity('0.1m').milliValue()).toBe(1);
  expect(parseQuantity('2Gi').value()).toBe(2147483648);
  expect(parseQuantity('0.1m').roundUp(-3).toString()).toBe('1m');
});

test('sums are exact and keep the format of the first', () => {
  expect(parseQuantity('100Mi').add(parseQuantity('28Mi')).toString()).toBe('128Mi');
  expect(parseQuantity('0').add(parseQuantity('1Gi')).toString()).toBe('1Gi');
  expect(parseQuantity('100m').sub(parseQuantity('200m')).toString()).toBe('-100m');
  expect(Quantity.milli(2500).toString()).toBe('2500m');
  expect(parseQuantity('1Gi').compare(parseQuantity('1073741824'))).toBe(0);
});

test('a long text is refused quickly', () => {
  expect(() => parseQuantity(`${'1'.repeat(1_000_000)}x`)).toThrow('quantities must match');
  expect(() => parseQuantity('1'.repeat(1_000_000))).toThrow('unable to parse numeric part of quantity');
});
