import { duplicateValue, invalidValue, required } from '../../../../lib/api/causes.ts';
import { dns1123Label, dns1123Subdomain } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type {
  DeviceClaim,
  DeviceConstraint,
  DeviceRequest,
  DeviceSelector,
  ResourceClaimSpec,
} from '../../../../lib/api/types.ts';
import { checkFormat, checkOneOf, checkRequired } from '../check.ts';
import { checkConfiguration, checkSelectors } from './device-configuration.ts';
import { checkFullyQualifiedName } from './qualified-name.ts';

/** Source: SetDefaults_ExactDeviceRequest in k8s.io/kubernetes/pkg/apis/resource/v1/defaults.go. */
export function defaultClaimSpec(spec: ResourceClaimSpec | undefined): void {
  for (const { exactly, firstAvailable } of spec?.devices?.requests ?? []) {
    for (const request of [...(exactly ? [exactly] : []), ...(firstAvailable ?? [])]) {
      request.allocationMode ||= 'ExactCount';
      if (request.allocationMode === 'ExactCount') request.count ||= 1;
    }
  }
}

/** Source: validateDeviceClaim in k8s.io/kubernetes/pkg/apis/resource/validation. */
export function checkClaimSpec(causes: Cause[], spec: ResourceClaimSpec | undefined, path: string): void {
  const { requests, constraints, config } = spec?.devices ?? {};
  const names = requestNames(requests ?? []);
  const devices = `${path}.devices`;
  requests?.forEach((request, i) => {
    const at = `${devices}.requests[${i}]`;
    checkFormat(causes, `${at}.name`, request.name ?? '', dns1123Label);
    checkDeviceRequest(causes, request, at);
    if (requests.findIndex(({ name }) => name === request.name) < i) causes.push(duplicateValue(at, request));
  });
  constraints?.forEach((constraint, i) => {
    checkConstraint(causes, constraint, names, `${devices}.constraints[${i}]`);
  });
  config?.forEach((one, i) => {
    const at = `${devices}.config[${i}]`;
    checkReferences(causes, one.requests, names, `${at}.requests`);
    checkConfiguration(causes, one, at);
  });
}

/** How constraints may name them: `request` or `request/subrequest`. */
function requestNames(requests: NonNullable<DeviceClaim['requests']>): ReadonlySet<string> {
  return new Set(
    requests.flatMap(({ name, firstAvailable = [] }) => [name, ...firstAvailable.map((sub) => `${name}/${sub.name}`)]),
  );
}

const ONE_OF = 'exactly one of `exactly` or `firstAvailable` is required';

function checkDeviceRequest(causes: Cause[], { exactly, firstAvailable = [] }: DeviceRequest, path: string): void {
  if (exactly && firstAvailable.length > 0) {
    causes.push(invalidValue(path, null, `${ONE_OF}, but multiple fields are set`));
  } else if (exactly) checkExact(causes, exactly, `${path}.exactly`);
  else if (firstAvailable.length === 0) causes.push(required(path, ONE_OF));
  else checkAlternatives(causes, firstAvailable, `${path}.firstAvailable`);
}

function checkAlternatives(causes: Cause[], given: NonNullable<DeviceRequest['firstAvailable']>, path: string): void {
  given.forEach((request, i) => {
    const at = `${path}[${i}]`;
    checkFormat(causes, `${at}.name`, request.name ?? '', dns1123Label);
    checkExact(causes, request, at);
    if (given.findIndex(({ name }) => name === request.name) < i) causes.push(duplicateValue(at, request));
  });
}

interface Exact {
  deviceClassName?: string;
  allocationMode?: string | undefined;
  count?: number | undefined;
  selectors?: DeviceSelector[] | undefined;
}

function checkExact(causes: Cause[], request: Exact, path: string): void {
  const { deviceClassName = '', allocationMode, count = 0 } = request;
  const field = `${path}.deviceClassName`;
  if (checkRequired(causes, field, deviceClassName)) checkFormat(causes, field, deviceClassName, dns1123Subdomain);
  checkSelectors(causes, request.selectors, `${path}.selectors`);
  checkOneOf(causes, `${path}.allocationMode`, allocationMode, ['All', 'ExactCount']);
  if (allocationMode === 'ExactCount' && count <= 0) {
    causes.push(invalidValue(`${path}.count`, count, 'must be greater than zero'));
  }
  if (allocationMode === 'All' && count !== 0) {
    causes.push(invalidValue(`${path}.count`, count, "must not be specified when allocationMode is 'All'"));
  }
}

function checkConstraint(
  causes: Cause[],
  { requests, matchAttribute, distinctAttribute }: DeviceConstraint,
  names: ReadonlySet<string>,
  path: string,
): void {
  checkReferences(causes, requests, names, `${path}.requests`);
  if (matchAttribute !== undefined) checkFullyQualifiedName(causes, matchAttribute, `${path}.matchAttribute`);
  else if (distinctAttribute !== undefined) {
    checkFullyQualifiedName(causes, distinctAttribute, `${path}.distinctAttribute`);
  } else {
    const why = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set';
    causes.push(required(path, why));
  }
}

function checkReferences(causes: Cause[], given: string[] = [], names: ReadonlySet<string>, path: string): void {
  given.forEach((name, i) => {
    const field = `${path}[${i}]`;
    const segments = name.split('/');
    if (segments.length <= 2) for (const segment of segments) checkFormat(causes, field, segment, dns1123Label);
    if (!names.has(name)) {
      const why =
        "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
      causes.push(invalidValue(field, name, why));
    }
    if (given.indexOf(name) < i) causes.push(duplicateValue(field, name));
  });
}
