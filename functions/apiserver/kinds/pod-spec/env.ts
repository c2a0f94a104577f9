import { invalidValue, notSupported, required } from '../../../../lib/api/causes.ts';
import {
  configMapKey,
  dns1123Label,
  dns1123Subdomain,
  maskTrailingDash,
  qualifiedName,
  relaxedEnvVarName,
} from '../../../../lib/api/names.ts';
import { parseQuantity } from '../../../../lib/api/quantity.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type {
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  FileKeySelector,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from '../../../../lib/api/types.ts';
import { checkFormat, checkRequired } from '../check.ts';
import { checkNoBacksteps } from './paths.ts';

/** Source: ValidateEnv and ValidateEnvFrom in k8s.io/kubernetes/pkg/apis/core/validation. */
export function checkEnv(causes: Cause[], env: EnvVar[] | undefined, path: string): void {
  env?.forEach((variable, i) => {
    const at = `${path}[${i}]`;
    if (checkRequired(causes, `${at}.name`, variable.name)) {
      checkFormat(causes, `${at}.name`, variable.name, relaxedEnvVarName);
    }
    if (variable.valueFrom) checkValueFrom(causes, variable, variable.valueFrom, `${at}.valueFrom`);
  });
}

function checkValueFrom(causes: Cause[], variable: EnvVar, from: EnvVarSource, path: string): void {
  if (from.fieldRef) checkFieldRef(causes, from.fieldRef, ENV_FIELDS, `${path}.fieldRef`);
  if (from.resourceFieldRef) checkResourceFieldRef(causes, from.resourceFieldRef, `${path}.resourceFieldRef`, false);
  if (from.configMapKeyRef) checkKeySelector(causes, from.configMapKeyRef, `${path}.configMapKeyRef`);
  if (from.secretKeyRef) checkKeySelector(causes, from.secretKeyRef, `${path}.secretKeyRef`);
  if (from.fileKeyRef) checkFileKeyRef(causes, from.fileKeyRef, `${path}.fileKeyRef`);
  const fault = sourceFault(Object.values(from).filter(Boolean).length, variable.value);
  if (fault) causes.push(invalidValue(path, '', fault));
}

function sourceFault(sources: number, value: string | undefined): string | undefined {
  if (sources === 0) {
    return 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
  }
  if (value) return 'may not be specified when `value` is not empty';
  return sources > 1 ? 'may not have more than one field specified at a time' : undefined;
}

/** Sorted, as messages list them. */
const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

export const VOLUME_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];

/** What ConvertDownwardAPIFieldLabel knows, beyond what either use allows. */
const KNOWN_FIELDS = new Set([
  ...ENV_FIELDS,
  ...VOLUME_FIELDS,
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
]);

export function checkFieldRef(
  causes: Cause[],
  { apiVersion, fieldPath }: ObjectFieldSelector,
  allowed: readonly string[],
  path: string,
): void {
  if (!checkRequired(causes, `${path}.apiVersion`, apiVersion)) return;
  if (!checkRequired(causes, `${path}.fieldPath`, fieldPath)) return;
  const field = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath;
  const subscripted = /^(.+)\['(.*)'\]$/.exec(field);
  const fault = conversionFault(apiVersion!, field, subscripted?.[1]);
  if (fault) {
    causes.push(invalidValue(`${path}.fieldPath`, fieldPath, `error converting fieldPath: ${fault}`));
  } else if (subscripted) {
    const key = subscripted[2]!;
    checkFormat(causes, path, subscripted[1] === 'metadata.annotations' ? key.toLowerCase() : key, qualifiedName);
  } else if (!allowed.includes(field)) causes.push(notSupported(`${path}.fieldPath`, field, allowed));
}

function conversionFault(apiVersion: string, field: string, subscripted: string | undefined): string | undefined {
  if (apiVersion !== 'v1') return `unsupported pod version: ${apiVersion}`;
  if (subscripted !== undefined) {
    const known = subscripted === 'metadata.annotations' || subscripted === 'metadata.labels';
    return known ? undefined : `field label does not support subscript: ${field}`;
  }
  return KNOWN_FIELDS.has(field) ? undefined : `field label not supported: ${field}`;
}

const CONTAINER_RESOURCES = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];

const HUGE_PAGES = /^(?:requests|limits)\.hugepages-/;

export function checkResourceFieldRef(
  causes: Cause[],
  selector: ResourceFieldSelector,
  path: string,
  inVolume: boolean,
): void {
  const { containerName, resource } = selector;
  if (inVolume && !containerName) causes.push(required(`${path}.containerName`));
  else if (!resource) causes.push(required(`${path}.resource`));
  else if (!CONTAINER_RESOURCES.includes(resource) && !HUGE_PAGES.test(resource)) {
    causes.push(notSupported(`${path}.resource`, resource, CONTAINER_RESOURCES));
  }
  checkDivisor(causes, resource ?? '', selector.divisor ?? '0', path);
}

const BYTE_DIVISORS = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

function checkDivisor(causes: Cause[], resource: string, divisor: string, path: string): void {
  if (parseQuantity(divisor).isZero()) return;
  if (resource.endsWith('.cpu') && !['1m', '1'].includes(divisor)) {
    const why = "only divisor's values 1m and 1 are supported with the cpu resource";
    causes.push(invalidValue(`${path}.divisor`, resource, why));
    return;
  }
  const named = divisorResource(resource);
  if (!named || BYTE_DIVISORS.includes(divisor)) return;
  const why = `only divisor's values ${BYTE_DIVISORS.join(', ')} are supported with the ${named} resource`;
  causes.push(invalidValue(`${path}.divisor`, resource, why));
}

function divisorResource(resource: string): string | undefined {
  if (/^(?:limits|requests)\.memory$/.test(resource)) return 'memory';
  if (/^(?:limits|requests)\.ephemeral-storage$/.test(resource)) return 'local ephemeral storage';
  return HUGE_PAGES.test(resource) ? 'hugepages' : undefined;
}

function checkKeySelector(causes: Cause[], selector: { name?: string | undefined; key: string }, path: string): void {
  checkFormat(causes, `${path}.name`, selector.name ?? '', dns1123Subdomain);
  if (checkRequired(causes, `${path}.key`, selector.key)) {
    checkFormat(causes, `${path}.key`, selector.key, configMapKey);
  }
}

function checkFileKeyRef(causes: Cause[], selector: FileKeySelector, path: string): void {
  if (checkRequired(causes, `${path}.key`, selector.key)) {
    checkFormat(causes, `${path}.key`, selector.key, relaxedEnvVarName);
  }
  if (checkRequired(causes, `${path}.volumeName`, selector.volumeName)) {
    checkFormat(causes, `${path}.volumeName`, selector.volumeName, dns1123Label);
  }
  if (checkRequired(causes, `${path}.path`, selector.path)) checkNoBacksteps(causes, selector.path, `${path}.path`);
}

export function checkEnvFrom(causes: Cause[], sources: EnvFromSource[] | undefined, path: string): void {
  sources?.forEach(({ prefix, configMapRef, secretRef }, i) => {
    const at = `${path}[${i}]`;
    if (prefix) checkFormat(causes, `${at}.prefix`, prefix, relaxedEnvVarName);
    if (configMapRef) checkReference(causes, configMapRef, `${at}.configMapRef`);
    if (secretRef) checkReference(causes, secretRef, `${at}.secretRef`);
    // Upstream names the list here, not the item.
    if (!configMapRef && !secretRef) {
      causes.push(invalidValue(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    } else if (configMapRef && secretRef) {
      causes.push(invalidValue(path, '', 'may not have more than one field specified at a time'));
    }
  });
}

function checkReference(causes: Cause[], { name }: { name?: string | undefined }, path: string): void {
  if (!checkRequired(causes, `${path}.name`, name)) return;
  for (const fault of dns1123Subdomain(maskTrailingDash(name!))) {
    causes.push(invalidValue(`${path}.name`, name, fault));
  }
}
