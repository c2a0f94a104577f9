import { invalidValue, tooLong } from '../../../../lib/api/causes.ts';
import { dns1123Subdomain, LABEL_MAX_BYTES } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import { checkRequired } from '../check.ts';

/** Source: ValidateCSIDriverName in k8s.io/kubernetes/pkg/apis/core/validation. */
export function checkCsiDriverName(
  causes: Cause[],
  name: string,
  field: string,
  words = (fault: string) => fault,
): void {
  if (!checkRequired(causes, field, name)) return;
  if (name.length > LABEL_MAX_BYTES) causes.push(tooLong(field, LABEL_MAX_BYTES));
  for (const fault of dns1123Subdomain(name.toLowerCase())) causes.push(invalidValue(field, name, words(fault)));
}
