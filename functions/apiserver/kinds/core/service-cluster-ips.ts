import { duplicateValue, invalidValue, notSupported, required } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { ServiceSpec } from '../../../../lib/api/types.ts';
import { checkOneOf } from '../check.ts';
import { checkIp, isIpv6 } from '../ip.ts';
import { isHeadless } from './service-spec.ts';

const FAMILIES = ['IPv4', 'IPv6'];
const POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

/** Source: ValidateServiceClusterIPsRelatedFields in k8s.io/kubernetes/pkg/apis/core/validation. */
export function checkClusterIps(causes: Cause[], spec: ServiceSpec, old: ServiceSpec | undefined): void {
  if (spec.type === 'ExternalName') return;
  const { clusterIP, clusterIPs: ips = [] } = spec;
  if (clusterIP && ips.length === 0) causes.push(required('spec.clusterIPs'));
  else if (clusterIP && ips[0] !== clusterIP) {
    causes.push(invalidValue('spec.clusterIPs', ips, 'first value must match `clusterIP`'));
  } else if (!clusterIP && ips.length > 0) {
    causes.push(invalidValue('spec.clusterIPs', ips, 'must be empty when `clusterIP` is not specified'));
  }
  checkFamilies(causes, spec);
  if (checkAddresses(causes, ips, old?.clusterIPs) && !isHeadless(spec)) checkFamiliesMatch(causes, spec);
}

function checkFamilies(causes: Cause[], { ipFamilies = [], ipFamilyPolicy }: ServiceSpec): void {
  ipFamilies.forEach((family, i) => {
    const field = `spec.ipFamilies[${i}]`;
    if (!FAMILIES.includes(family)) causes.push(notSupported(field, family, FAMILIES));
    if (ipFamilies.indexOf(family) < i) causes.push(duplicateValue(field, family));
  });
  if (ipFamilyPolicy !== undefined) checkOneOf(causes, 'spec.ipFamilyPolicy', ipFamilyPolicy, POLICIES);
}

function checkAddresses(causes: Cause[], ips: string[], known: string[] | undefined): boolean {
  const before = causes.length;
  ips.forEach((ip, i) => {
    if (i > 0 || ip !== 'None') checkIp(causes, ip, `spec.clusterIPs[${i}]`, known);
    else if (ips.length > 1)
      causes.push(invalidValue('spec.clusterIPs', ips, "'None' must be the first and only value"));
  });
  if (ips.length > 2) causes.push(invalidValue('spec.clusterIPs', ips, 'may only hold up to 2 values'));
  return causes.length === before;
}

function checkFamiliesMatch(causes: Cause[], { clusterIPs: ips = [], ipFamilies = [] }: ServiceSpec): void {
  if (ips.length > 1 && isIpv6(ips[0]!) === isIpv6(ips[1]!)) {
    causes.push(invalidValue('spec.clusterIPs', ips, 'may specify no more than one IP for each IP family'));
  }
  ips.forEach((ip, i) => {
    const family = ipFamilies[i];
    if (!family || (family === 'IPv6') === isIpv6(ip)) return;
    const why = `expected an ${family} value as indicated by \`ipFamilies[${i}]\``;
    causes.push(invalidValue(`spec.clusterIPs[${i}]`, ip, why));
  });
}

/** The first address stays for life; the second may come and go. Source: validateUpgradeDowngradeClusterIPs. */
export function checkClusterIpsUpdate(causes: Cause[], spec: ServiceSpec, old: ServiceSpec): void {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName' || (isHeadless(spec) && isHeadless(old))) return;
  const [now, before] = [spec.clusterIPs ?? [], old.clusterIPs ?? []];
  if (before.length > 0 && now.length === 0) {
    causes.push(invalidValue('spec.clusterIPs[0]', now, 'primary clusterIP can not be unset'));
  }
  const fixed = now.length === before.length ? before.length : Math.min(1, before.length, now.length);
  for (let i = 0; i < fixed; i++) {
    if (now[i] !== before[i]) causes.push(invalidValue(`spec.clusterIPs[${i}]`, now, 'may not change once set'));
  }
  if (before.length > now.length && now.length === 1) checkReleased(causes, spec, 'clusterIP');
  if (isHeadless(spec) === isHeadless(old)) checkFamiliesUpdate(causes, spec, old);
}

function checkFamiliesUpdate(causes: Cause[], spec: ServiceSpec, old: ServiceSpec): void {
  const [now, before] = [spec.ipFamilies ?? [], old.ipFamilies ?? []];
  const fixed = now.length === before.length ? before.length : Math.min(1, before.length, now.length);
  for (let i = 0; i < fixed; i++) {
    if (now[i] !== before[i]) causes.push(invalidValue('spec.ipFamilies[0]', now, 'may not change once set'));
  }
  if (before.length > now.length && now.length === 1) checkReleased(causes, spec, 'ipFamily');
}

function checkReleased(causes: Cause[], { ipFamilyPolicy }: ServiceSpec, what: string): void {
  if (ipFamilyPolicy === 'SingleStack') return;
  const why = `must be set to 'SingleStack' when releasing the secondary ${what}`;
  causes.push(invalidValue('spec.ipFamilyPolicy', ipFamilyPolicy ?? null, why));
}
