import { tooLong } from '../../../../lib/api/causes.ts';
import { dns1123Subdomain } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import { checkFormat, checkRequired } from '../check.ts';

const POOL_NAME_MAX_BYTES = 253;

/** Subdomains with slashes between them. Source: validatePoolName in k8s.io/kubernetes/pkg/apis/resource/validation. */
export function checkPoolName(causes: Cause[], name: string, field: string): void {
  if (!checkRequired(causes, field, name)) return;
  if (name.length > POOL_NAME_MAX_BYTES) causes.push(tooLong(field, POOL_NAME_MAX_BYTES));
  for (const part of name.split('/')) checkFormat(causes, field, part, dns1123Subdomain);
}
