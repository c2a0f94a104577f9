import { required } from '../../../../lib/api/causes.ts';
import { dns1123Subdomain, pathSegment } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { IPAddress } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkDeclaredImmutable, checkFormat, checkRequired } from '../check.ts';
import { checkCanonicalIp } from '../ip.ts';

/** Source: ValidateIPAddress in k8s.io/kubernetes/pkg/apis/networking/validation. */
function validate({ metadata, spec }: IPAddress): Cause[] {
  const causes: Cause[] = [];
  if (metadata?.name) checkCanonicalIp(causes, metadata.name, 'metadata.name');
  const reference = spec?.parentRef;
  const path = 'spec.parentRef';
  if (!reference) return [...causes, required(path)];
  if (reference.group) checkFormat(causes, `${path}.group`, reference.group, dns1123Subdomain);
  for (const field of ['resource', 'name'] as const) {
    const value = reference[field];
    if (checkRequired(causes, `${path}.${field}`, value)) checkFormat(causes, `${path}.${field}`, value!, pathSegment);
  }
  if (reference.namespace) checkFormat(causes, `${path}.namespace`, reference.namespace, pathSegment);
  return causes;
}

export const ipAddress: KindRules = {
  validate,
  validateUpdate(object: IPAddress, old: IPAddress) {
    const causes: Cause[] = [];
    checkDeclaredImmutable(causes, 'spec.parentRef', object.spec?.parentRef, old.spec?.parentRef);
    return causes;
  },
  nameFormat: 'pathSegment',
};
