import { invalidValue, tooLong } from '../../../../lib/api/causes.ts';
import { cIdentifier } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import { checkFormat } from '../check.ts';
import { checkCsiDriverName } from '../storage/csi-driver-name.ts';

const ID_MAX_BYTES = 32;

/** `domain/identifier`. Source: validateFullyQualifiedName in k8s.io/kubernetes/pkg/apis/resource/validation. */
export function checkFullyQualifiedName(causes: Cause[], name: string, field: string): void {
  const [domain = '', id, ...more] = name.split('/');
  if (id === undefined) {
    checkIdentifier(causes, domain, field);
    const why = 'a fully qualified name must be a domain and a name separated by a slash';
    return void causes.push(invalidValue(field, name, why));
  }
  if (more.length > 0) return;
  if (domain === '') causes.push(invalidValue(field, '', 'the domain must not be empty'));
  else checkCsiDriverName(causes, domain, field);
  if (id === '') causes.push(invalidValue(field, '', 'the name must not be empty'));
  else checkIdentifier(causes, id, field);
}

function checkIdentifier(causes: Cause[], id: string, field: string): void {
  if (id.length > ID_MAX_BYTES) causes.push(tooLong(field, ID_MAX_BYTES));
  checkFormat(causes, field, id, cIdentifier);
}
