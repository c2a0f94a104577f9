import { invalidValue, required } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { DeviceSelector, OpaqueDeviceConfiguration } from '../../../../lib/api/types.ts';
import { checkRequired } from '../check.ts';
import { checkCsiDriverName } from '../storage/csi-driver-name.ts';

/** The expressions are stored, not compiled: no device is allocated here. */
export function checkSelectors(causes: Cause[], selectors: DeviceSelector[] | undefined, path: string): void {
  selectors?.forEach(({ cel }, i) => {
    checkRequired(causes, `${path}[${i}].cel`, cel);
  });
}

/** Source: validateDeviceConfiguration in k8s.io/kubernetes/pkg/apis/resource/validation. */
export function checkConfiguration(
  causes: Cause[],
  { opaque }: { opaque?: OpaqueDeviceConfiguration | undefined },
  path: string,
): void {
  if (!checkRequired(causes, `${path}.opaque`, opaque)) return;
  checkCsiDriverName(causes, opaque?.driver ?? '', `${path}.opaque.driver`);
  checkParameters(causes, opaque?.parameters, `${path}.opaque.parameters`);
}

function checkParameters(causes: Cause[], parameters: unknown, field: string): void {
  if (parameters === undefined || parameters === null) causes.push(required(field));
  else if (typeof parameters !== 'object' || Array.isArray(parameters)) {
    causes.push(invalidValue(field, '<value omitted>', 'must be a valid JSON object'));
  }
}
