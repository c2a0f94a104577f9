import { Derived } from '../../../../functions/apiserver/negotiation/derived.ts';

const value = (text: string) => Buffer.from(text);

test('what was made of bytes is found again by the same bytes only', () => {
  const derived = new Derived<string>(100);
  const bytes = value('a');
  derived.set(bytes, 'made', 10);
  expect(derived.get(bytes)).toBe('made');
  expect(derived.get(value('a'))).toBeUndefined();
});

test('over the limit, what was not asked for again goes first', () => {
  const derived = new Derived<number>(100);
  const values = ['a', 'b', 'c', 'd'].map(value);
  for (const [i, bytes] of values.entries()) {
    derived.set(bytes, i, 40);
    derived.get(values[0]!);
  }
  derived.set(value('e'), 4, 40);
  expect(values.map((bytes) => derived.get(bytes))).toEqual([0, undefined, undefined, 3]);
});
