import { isIPv6 } from 'node:net';
import { type Cause, invalid } from '../../../lib/api/status.ts';
import type { Service, ServiceSpec } from '../../../lib/api/types.ts';

/**
 * ipFamilies and ipFamilyPolicy of a cluster with IPv4 services only.
 * Source: initIPFamilyFields of k8s.io/kubernetes/pkg/registry/core/service/storage/alloc.go.
 */
export function fillIpFamilies(service: Service, old: Service | undefined): void {
  const spec = service.spec!;
  if (spec.type === 'ExternalName') return;
  const headless = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy ??= old?.spec?.ipFamilyPolicy ?? (headless ? 'RequireDualStack' : 'SingleStack');
  check(service, singleStackCauses(spec));
  inferFamilies(service);
  if (!headless) check(service, unconfigured(spec));
  if (!spec.ipFamilies?.length) spec.ipFamilies = ['IPv4'];
  if (headless) fillSecondFamily(spec);
}

function inferFamilies(service: Service): void {
  const spec = service.spec!;
  const causes: Cause[] = [];
  for (const [i, address] of (spec.clusterIPs ?? []).entries()) {
    if (address === 'None') break;
    if (i < (spec.ipFamilies?.length ?? 0)) continue;
    if (isIPv6(address))
      causes.push(cause(`spec.clusterIPs[${i}]`, spec.clusterIPs, 'IPv6 is not configured on this cluster'));
    else spec.ipFamilies = [...(spec.ipFamilies ?? []), 'IPv4'];
  }
  check(service, causes);
}

/** Without a selector somebody else makes the endpoints, of either family. */
function fillSecondFamily(spec: ServiceSpec): void {
  const [first, second] = spec.ipFamilies!;
  if (second || spec.ipFamilyPolicy === 'SingleStack') return;
  spec.ipFamilies = [first!, first === 'IPv4' ? 'IPv6' : 'IPv4'];
}

function singleStackCauses(spec: ServiceSpec): Cause[] {
  if (spec.ipFamilyPolicy !== 'SingleStack') return [];
  const refuse = (what: string) =>
    cause(
      'spec.ipFamilyPolicy',
      spec.ipFamilyPolicy,
      `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`,
    );
  return [
    ...(spec.clusterIPs?.length === 2 ? [refuse('cluster IPs')] : []),
    ...(spec.ipFamilies?.length === 2 ? [refuse('IP families')] : []),
  ];
}

function unconfigured(spec: ServiceSpec): Cause[] {
  const causes: Cause[] = [];
  if (spec.ipFamilyPolicy === 'RequireDualStack') {
    const why = 'this cluster is not configured for dual-stack services';
    causes.push(cause('spec.ipFamilyPolicy', spec.ipFamilyPolicy, why));
  }
  for (const [i, family] of (spec.ipFamilies ?? []).entries())
    if (family !== 'IPv4') causes.push(cause(`spec.ipFamilies[${i}]`, family, 'not configured on this cluster'));
  return causes;
}

export function cause(field: string, value: unknown, why: string): Cause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(value)}: ${why}`, field };
}

export function check(service: Service, causes: Cause[]): void {
  if (causes.length) throw invalid({ group: '', kind: 'Service' }, service.metadata?.name ?? '', causes);
}
