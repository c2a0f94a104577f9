/** An IPv4 range: `base` is its first address as a number. */
export interface Cidr {
  base: number;
  bits: number;
}

export function parseCidr(text: string): Cidr {
  const [address, bits] = text.split('/');
  return { base: mask(toNumber(address!), Number(bits ?? 32)), bits: Number(bits ?? 32) };
}

/** `10.96.0.0/16`, written as its first address: what an option may say. */
export function isCidr(text: string): boolean {
  const match = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(text);
  if (!match || Number(match[2]) > 32 || match[1]!.split('.').some((part) => Number(part) > 255)) return false;
  return mask(toNumber(match[1]!), Number(match[2])) === toNumber(match[1]!);
}

export function addressAt({ base }: Cidr, offset: number): string {
  const address = base + offset;
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

export function format(cidr: Cidr): string {
  return `${addressAt(cidr, 0)}/${cidr.bits}`;
}

export function contains(outer: Cidr, address: string): boolean {
  return mask(toNumber(address), outer.bits) === outer.base;
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  const bits = Math.min(a.bits, b.bits);
  return mask(a.base, bits) === mask(b.base, bits);
}

/** The first candidate that overlaps nothing that is used. */
export function firstFree(candidates: Iterable<Cidr>, used: readonly Cidr[]): Cidr | undefined {
  for (const candidate of candidates) if (!used.some((cidr) => overlaps(candidate, cidr))) return candidate;
  return undefined;
}

/** `count` ranges of `bits`, one after the other from `first`. */
export function* rangesFrom(first: string, bits: number, count: number): Iterable<Cidr> {
  const base = toNumber(first);
  for (let i = 0; i < count; i++) yield { base: base + i * 2 ** (32 - bits), bits };
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function mask(address: number, bits: number): number {
  return address - (address % 2 ** (32 - bits));
}
