import { isIPv4 } from 'node:net';

/** An IPv4 range. Offsets count from its network address. */
export interface Cidr {
  readonly text: string;
  readonly size: number;
  at(offset: number): string;
  /** Undefined: not in the range. */
  offsetOf(address: string): number | undefined;
}

/** `10.96.0.0/16`; undefined for what is no IPv4 range. */
export function tryParseCidr(text: string): Cidr | undefined {
  const [address, bits] = text.split('/');
  const prefix = Number(bits);
  if (!address || !isIPv4(address) || !bits || !Number.isInteger(prefix) || prefix < 0 || prefix > 32) return undefined;
  const size = 2 ** (32 - prefix);
  const network = Math.floor(toNumber(address) / size) * size;
  return {
    text,
    size,
    at: (offset) => toText(network + offset),
    offsetOf(other) {
      const offset = isIPv4(other) ? toNumber(other) - network : -1;
      return offset >= 0 && offset < size ? offset : undefined;
    },
  };
}

export function parseCidr(text: string): Cidr {
  const cidr = tryParseCidr(text);
  if (!cidr) throw new TypeError(`${JSON.stringify(text)} is not an IPv4 range`);
  return cidr;
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toText(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
