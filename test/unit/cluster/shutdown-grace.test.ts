import { shutdownGrace } from '../../../lib/cluster/shutdown-grace.ts';

describe('the grace of pods whose node goes down', () => {
  const known = { totalMs: 60_000, criticalMs: 5_000 };
  test.each([
    ['is half a minute, a third of it for critical pods', [], { totalMs: 30_000, criticalMs: 10_000 }],
    ['is what it was', [undefined, undefined, known], known],
    [
      'keeps a third for critical pods when only the whole is said',
      [9_000, undefined, known],
      { totalMs: 9_000, criticalMs: 3_000 },
    ],
    ['is what is said', [9_000, 0, known], { totalMs: 9_000, criticalMs: 0 }],
  ] as const)('%s', (_what, given, expected) => {
    expect(shutdownGrace(given[0], given[1], given[2])).toEqual(expected);
  });

  test('cannot be shorter than the part for critical pods', () => {
    expect(() => shutdownGrace(5_000, 6_000)).toThrow('--shutdown-grace-period must be at least');
  });
});
