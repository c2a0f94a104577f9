import { isIP } from 'node:net';
import { forbiddenField, invalidValue, required } from '../../../../lib/api/causes.ts';
import { dns1123Subdomain } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { LoadBalancerIngress, Service } from '../../../../lib/api/types.ts';
import { checkFormat, checkOneOf } from '../check.ts';
import { checkIp } from '../ip.ts';

const PATH = 'status.loadBalancer.ingress';

/** Source: ValidateLoadBalancerStatus in k8s.io/kubernetes/pkg/apis/core/validation. */
export function validateServiceStatusUpdate(service: Service, old: Service): Cause[] {
  const causes: Cause[] = [];
  const ingresses = service.status?.loadBalancer?.ingress ?? [];
  if (service.spec?.type !== 'LoadBalancer') {
    if (ingresses.length > 0) causes.push(forbiddenField(PATH, "may only be used when `spec.type` is 'LoadBalancer'"));
    return causes;
  }
  const known = (old.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip ?? '');
  ingresses.forEach((ingress, i) => {
    checkIngress(causes, ingress, known, `${PATH}[${i}]`);
  });
  return causes;
}

function checkIngress(
  causes: Cause[],
  { ip, ipMode, hostname }: LoadBalancerIngress,
  known: string[],
  path: string,
): void {
  if (ip) checkIp(causes, ip, `${path}.ip`, known);
  if (ip && ipMode === undefined) causes.push(required(`${path}.ipMode`, 'must be specified when `ip` is set'));
  else if (!ip && ipMode !== undefined) {
    causes.push(forbiddenField(`${path}.ipMode`, 'may not be specified when `ip` is not set'));
  } else if (ipMode !== undefined) checkOneOf(causes, `${path}.ipMode`, ipMode, ['Proxy', 'VIP']);
  if (!hostname) return;
  checkFormat(causes, `${path}.hostname`, hostname, dns1123Subdomain);
  if (isIP(hostname)) causes.push(invalidValue(`${path}.hostname`, hostname, 'must be a DNS name, not an IP address'));
}
