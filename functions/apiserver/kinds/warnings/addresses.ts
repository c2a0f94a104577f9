import { isIPv6 } from 'node:net';
import { canonicalIpv6 } from '../ip.ts';

/** What is merely written unusually; what is wrong, validation refuses. Source: GetWarningsForIP in k8s.io/apimachinery. */
export function warnOfIp(warnings: string[], value: string | undefined, field: string): void {
  if (!value || !isIPv6(value)) return;
  const canonical = canonicalIpv6(value);
  if (canonical !== value) {
    const shown = `IPv6 address ${JSON.stringify(value)} should be in RFC 5952 canonical format`;
    warnings.push(`${field}: ${shown} (${JSON.stringify(canonical)})`);
  }
}

/** Source: GetWarningsForCIDR. */
export function warnOfCidr(warnings: string[], value: string | undefined, field: string): void {
  const [address = '', prefix] = value?.split('/') ?? [];
  if (!isIPv6(address)) return;
  const canonical = `${canonicalIpv6(address)}/${prefix}`;
  if (canonical !== value) {
    const shown = `IPv6 CIDR value ${JSON.stringify(value)} should be in RFC 5952 canonical format`;
    warnings.push(`${field}: ${shown} (${JSON.stringify(canonical)})`);
  }
}
