import { invalidValue, required } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { ServiceCIDR } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { IMMUTABLE } from '../check.ts';
import { checkCidr, isIpv6 } from '../ip.ts';
import { onlyStatus, statusKept } from '../status.ts';

/** Source: validateServiceCIDRSpec in k8s.io/kubernetes/pkg/apis/networking/validation. */
function validate({ spec = {} }: ServiceCIDR): Cause[] {
  const { cidrs = [] } = spec;
  const field = 'spec.cidrs';
  if (cidrs.length === 0) return [required(field, 'at least one CIDR required')];
  if (cidrs.length > 2) return [invalidValue(field, spec, 'may only hold up to 2 values')];
  const causes: Cause[] = [];
  cidrs.forEach((cidr, i) => {
    checkCidr(causes, cidr, `${field}[${i}]`);
  });
  if (cidrs.length === 2 && isIpv6(cidrs[0]!.split('/')[0]!) === isIpv6(cidrs[1]!.split('/')[0]!)) {
    const why = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
    causes.push(invalidValue(field, cidrs, why));
  }
  return causes;
}

export const serviceCidr: KindRules = {
  ...statusKept(),
  prepareForStatusUpdate: onlyStatus,
  validate,
  /** A second family may be added, nothing else. */
  validateUpdate(object: ServiceCIDR, old: ServiceCIDR) {
    const [now, before] = [object.spec?.cidrs ?? [], old.spec?.cidrs ?? []];
    if (now.length < before.length) return [invalidValue('spec.cidrs', now, IMMUTABLE)];
    const changed = before.flatMap((cidr, i) =>
      cidr === now[i] ? [] : [invalidValue(`spec.cidrs[${i}]`, now[i], IMMUTABLE)],
    );
    return now.length > before.length ? [...changed, ...validate(object)] : changed;
  },
};
