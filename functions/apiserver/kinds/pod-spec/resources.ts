import {
  duplicateValue,
  forbiddenField,
  invalidValue,
  notFoundValue,
  notSupported,
  required,
} from '../../../../lib/api/causes.ts';
import { dns1123Label, NEGATIVE_ERROR, qualifiedName } from '../../../../lib/api/names.ts';
import { compareQuantities, parseQuantity } from '../../../../lib/api/quantity.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { ResourceClaim, ResourceRequirements } from '../../../../lib/api/types.ts';
import { checkFormat } from '../check.ts';

/** Names of resources. Source: k8s.io/kubernetes/pkg/apis/core/helper. */
export const isHugePages = (name: string) => name.startsWith('hugepages-');
const isNative = (name: string) => !name.includes('/') || name.includes('kubernetes.io/');
export const isOvercommitAllowed = (name: string) => isNative(name) && !isHugePages(name);

export function isExtendedResource(name: string): boolean {
  return !isNative(name) && !name.startsWith('requests.') && qualifiedName(`requests.${name}`).length === 0;
}

const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'];
const OBJECT_COUNTS = ['pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'configmaps'];
const SERVICE_COUNTS = ['persistentvolumeclaims', 'services.nodeports', 'services.loadbalancers'];
const STANDARD = new Set([
  ...COMPUTE,
  ...['requests', 'limits'].flatMap((verb) => COMPUTE.map((name) => `${verb}.${name}`)),
  ...OBJECT_COUNTS,
  ...SERVICE_COUNTS,
  'storage',
  'requests.storage',
]);
const INTEGERS = new Set([...OBJECT_COUNTS, ...SERVICE_COUNTS]);

export const isQuotaHugePages = (name: string) => isHugePages(name) || name.startsWith('requests.hugepages-');
export const isStandardResource = (name: string) => STANDARD.has(name) || isQuotaHugePages(name);
export const isStandardContainerResource = (name: string) => COMPUTE.includes(name) || isHugePages(name);
export const isIntegerResource = (name: string) => INTEGERS.has(name) || isExtendedResource(name);

/** Quantities are canonical here: a negative one begins with its sign. */
export function checkQuantity(causes: Cause[], name: string, quantity: string, field: string): void {
  if (quantity.startsWith('-')) causes.push(invalidValue(field, quantity, NEGATIVE_ERROR));
  if (isIntegerResource(name) && parseQuantity(quantity).milliValue() % 1000 !== 0) {
    causes.push(invalidValue(field, quantity, 'must be an integer'));
  }
}

/** Source: validateResourceName. False when a fault was found. */
export function checkResourceName(causes: Cause[], name: string, field: string): boolean {
  const before = causes.length;
  checkFormat(causes, field, name, qualifiedName);
  if (causes.length === before && !name.includes('/') && !isStandardResource(name)) {
    causes.push(invalidValue(field, name, 'must be a standard resource type or fully qualified'));
  }
  return causes.length === before;
}

export function checkContainerResourceName(causes: Cause[], name: string, field: string): void {
  if (COMPUTE.includes(name)) return;
  checkResourceName(causes, name, field);
  if (!name.includes('/')) {
    if (!isStandardContainerResource(name)) {
      causes.push(invalidValue(field, name, 'must be a standard resource for containers'));
    }
  } else if (!isNative(name) && !isExtendedResource(name)) {
    causes.push(invalidValue(field, name, "doesn't follow extended resource name standard"));
  }
}

const POD_LEVEL = ['cpu', 'memory'];

export function checkPodResourceName(causes: Cause[], name: string, field: string): void {
  if (!checkResourceName(causes, name, field) || POD_LEVEL.includes(name) || isHugePages(name)) return;
  causes.push(notSupported(field, name, [...POD_LEVEL, 'hugepages-'].sort()));
}

type NameCheck = (causes: Cause[], name: string, field: string) => void;

/** Source: validateResourceRequirements in k8s.io/kubernetes/pkg/apis/core/validation. */
export function checkRequirements(
  causes: Cause[],
  requirements: ResourceRequirements | undefined,
  path: string,
  podClaims: ReadonlySet<string> = NO_CLAIMS,
  checkName: NameCheck = checkContainerResourceName,
): void {
  if (!requirements) return;
  const { limits = {}, requests = {}, claims } = requirements;
  for (const name in limits) checkNamedQuantity(causes, name, limits[name]!, `${path}.limits[${name}]`, checkName);
  for (const name in requests) {
    checkNamedQuantity(causes, name, requests[name]!, `${path}.requests[${name}]`, checkName);
    checkAgainstLimit(causes, name, requests[name]!, limits[name], path);
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    causes.push(forbiddenField(path, 'HugePages require cpu or memory'));
  }
  if (claims) checkClaims(causes, claims, podClaims, `${path}.claims`);
}

const NO_CLAIMS: ReadonlySet<string> = new Set();

function checkNamedQuantity(
  causes: Cause[],
  name: string,
  quantity: string,
  field: string,
  checkName: NameCheck,
): void {
  checkName(causes, name, field);
  checkQuantity(causes, name, quantity, field);
  if (isHugePages(name) && !isDivisible(quantity, name.slice('hugepages-'.length))) {
    causes.push(invalidValue(field, quantity, `${quantity} is not positive integer multiple of ${name}`));
  }
}

function isDivisible(quantity: string, pageSize: string): boolean {
  try {
    const page = parseQuantity(pageSize).nanos;
    return page > 0n && parseQuantity(quantity).nanos % page === 0n;
  } catch {
    // The page size is part of a name that anyone may write.
    return false;
  }
}

function checkAgainstLimit(
  causes: Cause[],
  name: string,
  request: string,
  limit: string | undefined,
  path: string,
): void {
  if (limit === undefined) {
    if (isOvercommitAllowed(name)) return;
    causes.push(required(`${path}.limits`, 'Limit must be set for non overcommitable resources'));
  } else if (request !== limit) {
    const order = compareQuantities(request, limit);
    if (order !== 0 && !isOvercommitAllowed(name)) {
      causes.push(invalidValue(`${path}.requests`, request, `must be equal to ${name} limit of ${limit}`));
    } else if (order > 0) {
      causes.push(invalidValue(`${path}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`));
    }
  }
}

function checkClaims(causes: Cause[], claims: ResourceClaim[], podClaims: ReadonlySet<string>, path: string): void {
  const seen = new Set<string>();
  claims.forEach(({ name, request }, i) => {
    const at = `${path}[${i}]`;
    if (!name) {
      causes.push(required(at));
      return;
    }
    if (request) checkFormat(causes, `${at}.request`, request, dns1123Label);
    const key = request ? `${name}/${request}` : name;
    if (seen.has(name)) causes.push(duplicateValue(at, name));
    else if (seen.has(key)) causes.push(duplicateValue(at, key));
    seen.add(key);
    if (!podClaims.has(name)) causes.push(unknownClaim(at, name, podClaims));
  });
}

function unknownClaim(field: string, name: string, podClaims: ReadonlySet<string>): Cause {
  const cause = notFoundValue(field, name);
  const names = podClaims.size === 0 ? ' which is empty' : `: ${[...podClaims].sort().join(', ')}`;
  return { ...cause, message: `${cause.message}: must be one of the names in pod.spec.resourceClaims${names}` };
}
