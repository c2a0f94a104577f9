import { eksMonth, monthlyBill, total, type Workload } from '../../../lib/cost/bill.ts';
import { PRICES } from '../../../lib/cost/prices.ts';

const nothing: Workload = { nodes: 0, pods: 0, writesPerSecond: 0, watches: 0 };
const small: Workload = { nodes: 3, pods: 50, writesPerSecond: 0, watches: 40 };

const dollarsOf = (workload: Workload, what: string) =>
  monthlyBill(workload).find((line) => line.what === what)!.dollars;

describe('the bill of a month', () => {
  test('an idle cluster without nodes pays for nothing but what is stored', () => {
    const paid = monthlyBill(nothing).filter(({ dollars }) => dollars > 0);
    expect(paid.map(({ what }) => what)).toEqual(['stored', 'point-in-time recovery']);
    expect(total(paid)).toBeLessThan(0.01);
  });

  test('watches that nothing wakes cost nothing, however many there are', () => {
    expect(total(monthlyBill({ ...small, watches: 400 }))).toBe(total(monthlyBill({ ...small, watches: 0 })));
  });

  test('a node that does nothing costs its heartbeats, its queue and its address', () => {
    const one = { ...nothing, nodes: 1 };
    expect(dollarsOf(one, 'public addresses of nodes')).toBeCloseTo(3.65);
    expect(dollarsOf(one, 'queues')).toBeCloseTo(0.05, 2);
    expect(dollarsOf(one, 'API requests')).toBeGreaterThan(0);
  });

  test('more of anything never costs less', () => {
    const base = { ...small, writesPerSecond: 0.1 };
    const more = [{ nodes: 4 }, { pods: 100 }, { writesPerSecond: 0.2 }].map((change) => ({ ...base, ...change }));
    for (const workload of more) expect(total(monthlyBill(workload))).toBeGreaterThan(total(monthlyBill(base)));
  });

  test('each line is its quantity at a price that names its source', () => {
    for (const { quantity, price, dollars } of monthlyBill({ ...small, writesPerSecond: 1 })) {
      expect(dollars).toBeCloseTo(quantity * price.dollars);
      expect(price.source).not.toBe('');
    }
  });

  test('an EKS control plane costs 73 dollars, and the addresses of its nodes', () => {
    expect(eksMonth(0)).toBeCloseTo(73);
    expect(eksMonth(3) - eksMonth(0)).toBeCloseTo(dollarsOf(small, 'public addresses of nodes'));
    expect(PRICES.eksHour.source).toContain('EKS');
  });
});
