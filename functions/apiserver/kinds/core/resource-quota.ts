import { invalidValue, required } from '../../../../lib/api/causes.ts';
import { compareQuantities } from '../../../../lib/api/quantity.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { ResourceQuota, ResourceQuotaSpec, ScopedResourceSelectorRequirement } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { IMMUTABLE } from '../check.ts';
import { checkQuantity, checkResourceName, isQuotaHugePages } from '../pod-spec/resources.ts';
import { canonicalizeResources } from '../resource-list.ts';
import { statusKept } from '../status.ts';

const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'];
const POD_RESOURCES = [
  'pods',
  ...COMPUTE,
  ...['requests', 'limits'].flatMap((verb) => COMPUTE.map((name) => `${verb}.${name}`)),
];
const VOLUME_RESOURCES = ['persistentvolumeclaims', 'requests.storage'];
const QUOTA_RESOURCES = new Set([
  ...POD_RESOURCES,
  ...VOLUME_RESOURCES,
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
]);

const isStandard = (name: string) => QUOTA_RESOURCES.has(name) || isQuotaHugePages(name);

/** Which resources a scope can narrow. Source: IsResourceQuotaScopeValidForResource in k8s.io/kubernetes/pkg/apis/core/helper. */
const SCOPES: Readonly<Record<string, readonly string[]>> = {
  Terminating: POD_RESOURCES,
  NotTerminating: POD_RESOURCES,
  NotBestEffort: POD_RESOURCES,
  PriorityClass: POD_RESOURCES,
  CrossNamespacePodAffinity: POD_RESOURCES,
  BestEffort: ['pods'],
  VolumeAttributesClass: VOLUME_RESOURCES,
};

/** Source: ValidateResourceQuotaSpec in k8s.io/kubernetes/pkg/apis/core/validation. */
function validate({ spec = {} }: ResourceQuota): Cause[] {
  const causes: Cause[] = [];
  for (const name in spec.hard) {
    const field = `spec.hard[${name}]`;
    checkResourceName(causes, name, field);
    if (!name.includes('/') && !isStandard(name)) {
      causes.push(invalidValue(field, name, 'must be a standard resource for quota'));
    }
    checkQuantity(causes, name, spec.hard[name]!, field);
  }
  checkScopes(causes, spec);
  checkSelector(causes, spec);
  return causes;
}

function checkScopes(causes: Cause[], { scopes = [], hard = {} }: ResourceQuotaSpec): void {
  const field = 'spec.scopes';
  for (const scope of scopes) {
    if (!SCOPES[scope]) causes.push(invalidValue(field, scopes, 'unsupported scope'));
    for (const name of Object.keys(hard).filter(isStandard).sort()) {
      if (SCOPES[scope] && !SCOPES[scope].includes(name)) {
        causes.push(invalidValue(field, scopes, 'unsupported scope applied to resource'));
      }
    }
  }
  checkOpposites(causes, scopes, scopes, field);
}

function checkOpposites(causes: Cause[], given: string[], scopes: string[], field: string): void {
  for (const scope of ['BestEffort', 'Terminating']) {
    if (!given.includes(scope) || !given.includes(`Not${scope}`)) continue;
    causes.push(invalidValue(field, scopes, 'conflicting scopes'));
  }
}

const EXISTS_ONLY = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'];

function checkSelector(causes: Cause[], { scopeSelector, hard = {}, scopes = [] }: ResourceQuotaSpec): void {
  if (!scopeSelector) return;
  const path = 'spec.scopeSelector.matchExpressions';
  const requirements = scopeSelector.matchExpressions ?? [];
  for (const requirement of requirements) {
    const { scopeName } = requirement;
    if (!SCOPES[scopeName]) causes.push(invalidValue(`${path}.scopeName`, scopeName, 'unsupported scope'));
    for (const name of Object.keys(hard).filter(isStandard).sort()) {
      if (SCOPES[scopeName] && !SCOPES[scopeName].includes(name)) {
        causes.push(invalidValue(path, scopeSelector, 'unsupported scope applied to resource'));
      }
    }
    checkOperator(causes, requirement, path);
  }
  checkOpposites(
    causes,
    requirements.map(({ scopeName }) => scopeName),
    scopes,
    path,
  );
}

function checkOperator(
  causes: Cause[],
  { scopeName, operator, values = [] }: ScopedResourceSelectorRequirement,
  path: string,
): void {
  if (EXISTS_ONLY.includes(scopeName) && operator !== 'Exists') {
    const why =
      "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
    causes.push(invalidValue(`${path}.operator`, operator, why));
  }
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length > 0) return;
    const why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    causes.push(required(`${path}.values`, why));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length === 0) return;
    const why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
    causes.push(invalidValue(`${path}.values`, values, why));
  } else causes.push(invalidValue(`${path}.operator`, operator ?? '', 'not a valid selector operator'));
}

/** Requests that may be larger than their limits. Source: resourcequotaStrategy.WarningsOnCreate. */
function contradictions(hard: Record<string, string>): string[] {
  return ['cpu', 'memory', 'storage', 'ephemeral-storage'].flatMap((name) => {
    const isBare = !(`requests.${name}` in hard) && (name === 'cpu' || name === 'memory');
    const [request, limit] = [isBare ? name : `requests.${name}`, `limits.${name}`];
    const [requested, limited] = [hard[request], hard[limit]];
    if (requested === undefined || limited === undefined || compareQuantities(requested, limited) <= 0) return [];
    return [`ResourceQuota ${request} (${requested}) should be less than ${limit} (${limited})`];
  });
}

export const resourceQuota: KindRules = {
  ...statusKept(),
  defaults({ spec, status }: ResourceQuota) {
    canonicalizeResources(spec?.hard);
    canonicalizeResources(status?.hard);
    canonicalizeResources(status?.used);
  },
  validate,
  validateUpdate(object: ResourceQuota, old: ResourceQuota) {
    const causes = validate(object);
    const sorted = ({ spec }: ResourceQuota) => [...new Set(spec?.scopes ?? [])].sort().join();
    if (sorted(object) !== sorted(old)) {
      causes.push(invalidValue('spec.scopes', object.spec?.scopes ?? null, IMMUTABLE));
    }
    return causes;
  },
  warnings: ({ spec }: ResourceQuota, old?: ResourceQuota) => (old ? [] : contradictions(spec?.hard ?? {})),
};
