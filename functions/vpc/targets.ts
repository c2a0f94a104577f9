import { BlockList, isIP } from 'node:net';

/** Nobody's pod or node is there, but instance metadata, DNS and the function's own environment are. RFC 3927, RFC 4291, "Use the Instance Metadata Service". */
const NEVER: readonly [string, number, 'ipv4' | 'ipv6'][] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['::', 127, 'ipv6'],
  ['64:ff9b::', 96, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['fd00:ec2::', 32, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
];

/** Why a URL must not be asked; undefined: it may. Only addresses within these ranges are: names could lead anywhere. */
export type Check = (url: URL) => string | undefined;

/** `ranges`: `10.0.0.0/16`, those of the VPC. */
export function targetsWithin(ranges: readonly string[]): Check {
  const never = { ipv4: new BlockList(), ipv6: new BlockList() };
  // Of each family one of their own: a list takes an IPv4 address for its IPv6 form too.
  const allowed = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const [address, bits, kind] of NEVER) never[kind].addSubnet(address, bits, kind);
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    allowed[family(address)].addSubnet(address, Number(bits), family(address));
  }
  return (url) => {
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return `${url.protocol} is not spoken here`;
    const address = url.hostname.replace(/^\[(.*)\]$/, '$1');
    if (!isIP(address)) return `${address} is no address`;
    const kind = family(address);
    const isMapped = address.startsWith('::ffff:');
    if (isMapped || never[kind].check(address, kind) || !allowed[kind].check(address, kind))
      return `${address} is none of the cluster's addresses`;
    return url.username || url.password ? 'a URL names no user' : undefined;
  };
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
