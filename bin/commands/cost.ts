import { writeFileSync } from 'node:fs';
import { eksMonth, type Line, monthlyBill, total, type Workload } from '../../lib/cost/bill.ts';
import { costChart } from '../../lib/cost/chart.ts';

export interface CostOptions extends Workload {
  /** Where to draw the bill over the number of nodes, as SVG. */
  chart?: string;
}

/** Of a busy month, when the user names none: each pod is replaced ten times a day, which takes some 25 writes with its events. */
const BUSY_WRITES_PER_POD = (10 * 25) / 86_400;

/** Prints the month's bill of the control plane on AWS, idle and busy, beside EKS. */
export function cost({ chart, ...asked }: Omit<CostOptions, 'writesPerSecond'> & { writesPerSecond?: number }): void {
  const busy = { ...asked, writesPerSecond: asked.writesPerSecond ?? asked.pods * BUSY_WRITES_PER_POD };
  process.stdout.write(costText(busy));
  if (chart) writeFileSync(chart, costChart(busy));
}

export function costText(busy: Workload): string {
  const idle = monthlyBill({ ...busy, writesPerSecond: 0 });
  const lines = monthlyBill(busy);
  const eks = eksMonth(busy.nodes);
  const sums = [
    ['Zeroplane', dollars(total(idle)), dollars(total(lines))],
    ['EKS, with the same addresses', dollars(eks), dollars(eks)],
  ];
  return [
    `A month of the control plane of ${busy.nodes} nodes and ${busy.pods} pods, in US dollars (us-east-1, without free tiers;`,
    'the nodes themselves cost the same under either).',
    '',
    row('', 'idle', `${busy.writesPerSecond.toFixed(2)} writes/s`, 'for', 'source'),
    ...lines.map((line, i) => billRow(idle[i]!, line)),
    '',
    ...sums.map(([what, ...cells]) => row(what!, ...cells)),
    '',
  ].join('\n');
}

function billRow(idle: Line, busy: Line): string {
  return row(busy.what, dollars(idle.dollars), dollars(busy.dollars), quantity(busy), busy.price.source);
}

function row(what: string, idle = '', busy = '', quantityText = '', source = ''): string {
  return `${what.padEnd(30)}${idle.padStart(10)}${busy.padStart(16)}   ${quantityText.padEnd(46)}${source}`.trimEnd();
}

function dollars(amount: number): string {
  return amount.toFixed(2);
}

function quantity({ quantity: count, price }: Line): string {
  const text =
    count >= 1e6 ? `${(count / 1e6).toFixed(1)} M` : count >= 1e3 ? `${(count / 1e3).toFixed(1)} k` : round(count);
  return `${text} × ${price.per}`;
}

function round(count: number): string {
  return count >= 10 || Number.isInteger(count) ? count.toFixed(0) : count.toPrecision(2);
}
