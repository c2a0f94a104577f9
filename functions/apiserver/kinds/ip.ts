import { BlockList, isIP, isIPv6 } from 'node:net';
import { invalidValue } from '../../../lib/api/causes.ts';
import type { Cause } from '../../../lib/api/status.ts';

/**
 * Addresses in fields of the first API versions, under StrictIPCIDRValidation.
 * `known` holds values of the old object, which stay good. Source: k8s.io/apimachinery/pkg/util/validation/ip.go.
 */
export function checkIp(causes: Cause[], value: string, field: string, known: readonly string[] = []): void {
  if (known.includes(value)) return;
  if (isIP(value) === 0 || value.includes('%')) {
    if (LEADING_ZEROS.test(value)) {
      causes.push(invalidValue(field, value, 'must not have leading 0s'));
    } else causes.push(invalidValue(field, value, INVALID_IP));
  } else if (MAPPED.test(value)) causes.push(invalidValue(field, value, 'must not be an IPv4-mapped IPv6 address'));
}

const INVALID_IP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const LEADING_ZEROS = /^(?:\d{1,3}\.){3}\d{1,3}$(?<=(?:^|\.)0\d.*)/;
const MAPPED = /^(?:0*:)*:?(?:ffff|FFFF):\d+\.\d+\.\d+\.\d+$/;

/** For fields of younger API versions, which take one way of writing only. Source: IsValidIP. */
export function checkCanonicalIp(causes: Cause[], value: string, field: string): void {
  const before = causes.length;
  checkIp(causes, value, field);
  if (causes.length > before || !isIPv6(value) || canonicalIpv6(value) === value) return;
  causes.push(invalidValue(field, value, `must be in canonical form ("${canonicalIpv6(value)}")`));
}

/** As RFC 5952 writes it, which URLs do too. */
export function canonicalIpv6(value: string): string {
  return URL.canParse(`http://[${value}]`) ? new URL(`http://[${value}]`).hostname.slice(1, -1) : value;
}

export const isIpv6 = (value: string) => isIPv6(value);

const INVALID_CIDR = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

export function checkCidr(causes: Cause[], value: string, field: string, known: readonly string[] = []): void {
  if (known.includes(value)) return;
  const [address = '', prefix = ''] = value.split('/');
  const bits = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : -1;
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits || value.split('/').length !== 2) {
    causes.push(invalidValue(field, value, INVALID_CIDR));
  } else if (/^0\d/.test(prefix)) {
    causes.push(invalidValue(field, value, 'must not have leading 0s in prefix length'));
  } else if (bits === 32 && hasHostBits(address, Number(prefix))) {
    causes.push(invalidValue(field, value, `must not have bits set beyond the prefix length`));
  }
}

/** Whether it reads as a range, though it may be written badly. */
export function isCidr(value: string): boolean {
  const causes: Cause[] = [];
  checkCidr(causes, value, '');
  return !causes.some(({ message }) => message.endsWith(INVALID_CIDR));
}

function hasHostBits(address: string, prefix: number): boolean {
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return number % 2 ** (32 - prefix) !== 0;
}

/** Addresses that no endpoint may have. Source: ValidateEndpointIP. */
export function checkEndpointIp(causes: Cause[], value: string, field: string): void {
  if (isIP(value) === 0) return void causes.push(invalidValue(field, value, 'must be a valid IP address'));
  for (const [pattern, why] of SPECIAL) {
    if (pattern.test(value)) causes.push(invalidValue(field, value, why.replace('%v', value)));
  }
}

const SPECIAL: readonly (readonly [RegExp, string])[] = [
  [/^(?:0\.0\.0\.0|::)$/, 'may not be unspecified (%v)'],
  [/^(?:127\.|::1$)/, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [/^(?:169\.254\.|fe[89ab])/i, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  [/^(?:224\.0\.0\.|ff02:)/i, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
];

/** Whether the inner range lies in the outer one and is smaller. Both have been checked. */
export function isStrictSubnet(inner: string, outer: string): boolean {
  const [address = '', bits] = outer.split('/');
  const [innerAddress = '', innerBits] = inner.split('/');
  if (isIPv6(address) !== isIPv6(innerAddress) || Number(innerBits) <= Number(bits)) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4');
  return list.check(innerAddress, isIPv6(address) ? 'ipv6' : 'ipv4');
}
