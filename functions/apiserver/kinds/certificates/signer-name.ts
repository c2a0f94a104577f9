import { invalidValue } from '../../../../lib/api/causes.ts';
import { dns1123Label, dns1123Subdomain, type FormatCheck } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import { checkRequired } from '../check.ts';

/** `example.com/name`. Source: ValidateSignerName in k8s.io/kubernetes/pkg/apis/core/validation/names.go. */
export function checkSignerName(causes: Cause[], name: string, field: string): void {
  if (!checkRequired(causes, field, name)) return;
  const [domain = '', path, ...more] = name.split('/');
  if (path === undefined || more.length > 0) {
    const why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return void causes.push(invalidValue(field, name, why));
  }
  checkSegment(causes, domain, field, dns1123Label);
  if (!domain.includes('.')) {
    causes.push(invalidValue(field, domain, 'should be a domain with at least two segments separated by dots'));
  }
  checkSegment(causes, path, field, dns1123Subdomain);
}

/** Only the first wrong part between dots is told. */
function checkSegment(causes: Cause[], segment: string, field: string, format: FormatCheck): void {
  const wrong = segment.split('.').find((part) => format(part).length > 0);
  if (wrong === undefined) return;
  for (const fault of format(wrong)) {
    causes.push(invalidValue(field, segment, `validating label ${JSON.stringify(wrong)}: ${fault}`));
  }
}

/** Source: IsKubernetesSignerName in the same file. */
export function isKubernetesSigner(name: string): boolean {
  const host = name.split('/')[0]!;
  return host === 'kubernetes.io' || host.endsWith('.kubernetes.io');
}
