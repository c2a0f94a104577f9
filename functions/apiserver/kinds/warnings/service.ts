import type { Service } from '../../../../lib/api/types.ts';
import { warnOfCidr, warnOfIp } from './addresses.ts';

const OLD_HINTS = 'service.kubernetes.io/topology-aware-hints';

/** Source: GetWarningsForService in k8s.io/kubernetes/pkg/api/service/warnings.go. */
export function serviceWarnings({ metadata, spec = {} }: Service): string[] {
  const warnings: string[] = [];
  const { type, clusterIP, clusterIPs = [], externalIPs = [], loadBalancerIP, loadBalancerSourceRanges = [] } = spec;
  const [isHeadless, isName] = [type === 'ClusterIP' && clusterIP === 'None', type === 'ExternalName'];
  if (metadata?.annotations && OLD_HINTS in metadata.annotations) {
    warnings.push(`annotation ${OLD_HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead`);
  }
  clusterIPs.forEach((ip, i) => {
    warnOfIp(warnings, ip, `spec.clusterIPs[${i}]`);
  });
  if (isHeadless) {
    if (loadBalancerIP) warnings.push('spec.loadBalancerIP is ignored for headless services');
    if (externalIPs.length > 0) warnings.push('spec.externalIPs is ignored for headless services');
    if (spec.sessionAffinity !== 'None') warnings.push('spec.SessionAffinity is ignored for headless services');
  }
  externalIPs.forEach((ip, i) => {
    warnOfIp(warnings, ip, `spec.externalIPs[${i}]`);
  });
  if (externalIPs.length > 0 && !isHeadless && !isName) {
    warnings.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters');
  }
  warnOfIp(warnings, loadBalancerIP, 'spec.loadBalancerIP');
  loadBalancerSourceRanges.forEach((range, i) => {
    warnOfCidr(warnings, range.trim(), `spec.loadBalancerSourceRanges[${i}]`);
  });
  if (isName && externalIPs.length > 0) warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (!isName && spec.externalName) warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (spec.trafficDistribution === 'PreferClose') {
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  }
  return warnings;
}
