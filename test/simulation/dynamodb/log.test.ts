import { simulationOf, violationsOf } from './open.ts';

/** `npm run simulate` runs a hundred times as many, and `npm run simulate -- replay SEED` prints the history of one. */
const SEEDS = 1_000;
const BLOCK = 100;

jest.setTimeout(120_000);

describe('the log in DynamoDB, among delays, throttles, lost replies, conflicts, deaths and freezes', () => {
  const blocks = Array.from({ length: SEEDS / BLOCK }, (_, i) => [i * BLOCK + 1, (i + 1) * BLOCK] as const);

  test.each(blocks)('keeps every promise of the store in seeds %d to %d', async (first, last) => {
    const broken: [number, string[]][] = [];
    for (let seed = first; seed <= last; seed++) {
      const violations = await violationsOf(seed);
      if (violations.length > 0) broken.push([seed, violations]);
    }
    expect(broken).toEqual([]);
  });

  test('keeps them in seeds that once showed a fault: a list while a compaction became known', async () => {
    for (const seed of [97_724]) expect(await violationsOf(seed)).toEqual([]);
  });

  test('one seed gives one history', async () => {
    const [one, other] = [simulationOf(8), simulationOf(8)];
    await one.run();
    await other.run();
    expect(JSON.stringify(one.history.records)).toBe(JSON.stringify(other.history.records));
    expect(one.history.records.length).toBeGreaterThan(20);
  });
});
