import { duplicateValue, invalidValue, required } from '../../../../lib/api/causes.ts';
import { dns1123Label, dns1123Subdomain } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { DeviceRequest, ResourceClaimSpec } from '../../../../lib/api/types.ts';
import { checkFormat, checkOneOf, checkRequired } from '../check.ts';

/** Source: SetDefaults_ExactDeviceRequest in k8s.io/kubernetes/pkg/apis/resource/v1/defaults.go. */
export function defaultClaimSpec(spec: ResourceClaimSpec | undefined): void {
  for (const { exactly, firstAvailable } of spec?.devices?.requests ?? []) {
    for (const request of [...(exactly ? [exactly] : []), ...(firstAvailable ?? [])]) {
      request.allocationMode ||= 'ExactCount';
      if (request.allocationMode === 'ExactCount') request.count ||= 1;
    }
  }
}

/** Source: validateResourceClaimSpec in k8s.io/kubernetes/pkg/apis/resource/validation. Selectors are stored, not compiled. */
export function checkClaimSpec(causes: Cause[], spec: ResourceClaimSpec | undefined, path: string): void {
  const names = new Set<string>();
  spec?.devices?.requests?.forEach((request, i) => {
    const at = `${path}.devices.requests[${i}]`;
    if (checkRequired(causes, `${at}.name`, request.name))
      checkFormat(causes, `${at}.name`, request.name, dns1123Label);
    if (names.has(request.name)) causes.push(duplicateValue(at, request.name));
    names.add(request.name);
    checkDeviceRequest(causes, request, at);
  });
}

function checkDeviceRequest(causes: Cause[], { exactly, firstAvailable = [] }: DeviceRequest, path: string): void {
  if (!exactly && firstAvailable.length === 0) {
    causes.push(required(path, 'exactly one of `exactly` or `firstAvailable` is required'));
  } else if (exactly && firstAvailable.length > 0) {
    causes.push(invalidValue(path, '', 'exactly one of `exactly` or `firstAvailable` is required'));
  }
  if (exactly) checkExact(causes, exactly, `${path}.exactly`);
  firstAvailable.forEach((request, i) => {
    checkExact(causes, request, `${path}.firstAvailable[${i}]`);
  });
}

type Exact = { deviceClassName?: string; allocationMode?: string | undefined; count?: number | undefined };

function checkExact(causes: Cause[], { deviceClassName = '', allocationMode, count = 0 }: Exact, path: string): void {
  const field = `${path}.deviceClassName`;
  if (checkRequired(causes, field, deviceClassName)) checkFormat(causes, field, deviceClassName, dns1123Subdomain);
  checkOneOf(causes, `${path}.allocationMode`, allocationMode, ['All', 'ExactCount']);
  if (allocationMode === 'ExactCount' && count <= 0) {
    causes.push(invalidValue(`${path}.count`, count, 'must be greater than zero'));
  }
}
