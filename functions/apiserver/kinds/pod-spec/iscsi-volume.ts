import { invalidValue, required } from '../../../../lib/api/causes.ts';
import { inclusiveRangeError } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import { checkRequired } from '../check.ts';

const LUN_MAX = 255;
/** By their first three letters. */
const NAME_FORMATS: Readonly<Record<string, RegExp>> = {
  iqn: /iqn\.\d{4}-\d{2}\.[a-zA-Z0-9\-.]+:[^,;*&$|\s]+$/,
  eui: /^eui.[a-zA-Z0-9]{16}$/,
  naa: /^naa.[a-zA-Z0-9]{32}$/,
};

/** Source: validateISCSIVolumeSource and validateISCSIPersistentVolumeSource in k8s.io/kubernetes/pkg/apis/core/validation. */
export function checkIscsi(causes: Cause[], source: any, path: string): void {
  const isPersistent = path === 'spec.iscsi';
  checkRequired(causes, `${path}.targetPortal`, source.targetPortal);
  if (checkRequired(causes, `${path}.iqn`, source.iqn)) checkName(causes, source.iqn, isPersistent, `${path}.iqn`);
  const { lun = 0, secretRef } = source;
  if (lun < 0 || lun > LUN_MAX) causes.push(invalidValue(`${path}.lun`, lun, inclusiveRangeError(0, LUN_MAX)));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !secretRef) causes.push(required(`${path}.secretRef`));
  if (isPersistent && secretRef) checkRequired(causes, `${path}.secretRef.name`, secretRef.name);
  if (source.initiatorName !== undefined) {
    checkName(causes, source.initiatorName, isPersistent, `${path}.initiatorname`);
  }
}

function checkName(causes: Cause[], name: string, isPersistent: boolean, field: string): void {
  const format = NAME_FORMATS[name.slice(0, 3)];
  if (format?.test(name)) return;
  const where = format || isPersistent ? '' : ' starting with iqn, eui, or naa';
  causes.push(invalidValue(field, name, `must be valid format${where}`));
}
