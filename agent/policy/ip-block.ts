import { isIPv4 } from 'node:net';
import type { IPBlock } from '../../lib/api/types.ts';

interface Range {
  first: number;
  last: number;
}

/** An ipBlock without its exceptions, as elements of an nft interval set: `10.0.0.0-10.0.0.255`. IPv6 has no pods here, and gives none. */
export function blockRanges({ cidr, except = [] }: IPBlock): Range[] {
  const whole = parseRange(cidr);
  if (!whole) return [];
  const holes = except.flatMap((text) => parseRange(text) ?? []).sort((a, b) => a.first - b.first);
  const left: Range[] = [];
  let from = whole.first;
  for (const hole of holes) {
    if (hole.first > from) left.push({ first: from, last: Math.min(hole.first - 1, whole.last) });
    from = Math.max(from, hole.last + 1);
  }
  return from <= whole.last ? [...left, { first: from, last: whole.last }] : left;
}

/** Within one set nft refuses what overlaps: ranges that touch become one. */
export function mergedElements(ranges: readonly Range[]): string[] {
  const merged: Range[] = [];
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const last = merged.at(-1);
    if (last && range.first <= last.last + 1) last.last = Math.max(last.last, range.last);
    else merged.push({ ...range });
  }
  return merged.map(({ first, last }) => (first === last ? spelt(first) : `${spelt(first)}-${spelt(last)}`));
}

function parseRange(text: string): Range | undefined {
  const [address = '', bits = ''] = text.split('/');
  if (!isIPv4(address) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return undefined;
  const size = 2 ** (32 - Number(bits));
  const number = address.split('.').reduce((total, octet) => total * 256 + Number(octet), 0);
  const first = number - (number % size);
  return { first, last: first + size - 1 };
}

function spelt(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
