import { eksMonth, monthlyBill, total, type Workload } from './bill.ts';

const WIDTH = 720;
const HEIGHT = 360;
const MARGIN = { left: 56, right: 130, top: 40, bottom: 44 };
const POINTS = 40;
const TITLE = 'Control plane, US dollars a month, by number of nodes';

interface Curve {
  label: string;
  color: string;
  /** Dollars a month at so many nodes. */
  at(nodes: number): number;
}

/** The bill over the number of nodes, pods and writes growing with them, as an SVG. */
export function costChart({ nodes, pods, writesPerSecond, watches }: Workload): string {
  const most = Math.max(nodes, 1);
  const scaled = (n: number, writes: number): Workload => ({
    nodes: n,
    pods: (pods * n) / most,
    writesPerSecond: (writes * n) / most,
    watches,
  });
  const curves: Curve[] = [
    { label: 'EKS', color: '#b4552d', at: eksMonth },
    { label: 'Zeroplane, busy', color: '#1f6f8b', at: (n) => total(monthlyBill(scaled(n, writesPerSecond))) },
    { label: 'Zeroplane, idle', color: '#4f9d69', at: (n) => total(monthlyBill(scaled(n, 0))) },
  ];
  const top = niceCeiling(Math.max(...curves.flatMap((curve) => [curve.at(0), curve.at(most)])));
  const x = (n: number) => MARGIN.left + (n / most) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (amount: number) => HEIGHT - MARGIN.bottom - (amount / top) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${TITLE}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(MARGIN.left, 22, TITLE, 'start', '#222222'),
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((part) => gridLine(y(part * top), part * top)),
    ...[0, 0.5, 1].map((part) =>
      text(x(part * most), HEIGHT - 20, String(Math.round(part * most)), 'middle', '#555555'),
    ),
    ...curves.flatMap((curve) => drawn(curve, most, x, y)),
    '</svg>',
    '',
  ].join('\n');
}

function gridLine(at: number, amount: number): string[] {
  return [
    `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at.toFixed(1)}" y2="${at.toFixed(1)}" stroke="#dddddd"/>`,
    text(MARGIN.left - 8, at + 4, amount.toFixed(0), 'end', '#555555'),
  ];
}

function drawn(
  { label, color, at }: Curve,
  most: number,
  x: (n: number) => number,
  y: (d: number) => number,
): string[] {
  const points = Array.from({ length: POINTS + 1 }, (_, i) => (i / POINTS) * most);
  const path = points.map((n) => `${x(n).toFixed(1)},${y(at(n)).toFixed(1)}`).join(' ');
  return [
    `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>`,
    text(x(most) + 8, y(at(most)) + 4, label, 'start', color),
  ];
}

function text(x: number, y: number, content: string, anchor: string, color: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${color}">${content}</text>`;
}

/** The next of 1, 2, 2.5, 5, 10, 20 … dollars. */
function niceCeiling(amount: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(amount));
  return [1, 2, 2.5, 5, 10].map((step) => step * magnitude).find((step) => step >= amount) ?? 10 * magnitude;
}
