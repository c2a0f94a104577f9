import { duplicateValue, invalidValue, notSupported, required } from '../../../../lib/api/causes.ts';
import { dns1035Label, dns1123Subdomain } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from '../../../../lib/api/types.ts';
import type { KindRules, RuleContext } from '../../contract.ts';
import { checkClient, WEBHOOK_PORT } from '../admissionregistration/webhook.ts';
import { checkFormat, checkImmutable, checkOneOf, checkRequired } from '../check.ts';
import { semanticEqual } from '../equal.ts';
import { keepStatus, onlyStatus } from '../status.ts';
import { checkApproval } from './approval.ts';
import { established } from './established.ts';
import { checkColumns, checkScale, checkSchema } from './version.ts';

type Spec = CustomResourceDefinitionSpec;

/** Source: SetDefaults_CustomResourceDefinitionSpec in k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/defaults.go. */
function defaults({ spec }: CustomResourceDefinition): void {
  if (!spec) return;
  if (spec.names) {
    spec.names.singular ||= spec.names.kind?.toLowerCase();
    spec.names.listKind ||= spec.names.kind ? `${spec.names.kind}List` : undefined;
  }
  spec.conversion ??= { strategy: 'None' };
  if (spec.conversion.webhook?.clientConfig?.service)
    spec.conversion.webhook.clientConfig.service.port ??= WEBHOOK_PORT;
}

function prepareForCreate(object: CustomResourceDefinition, { now }: RuleContext): void {
  object.status = established(object.spec ?? ({} as Spec), now);
}

/** A version that stores from now on joins those that have stored. */
function prepareForUpdate(object: CustomResourceDefinition, old: CustomResourceDefinition): void {
  keepStatus(object, old);
  const stored = object.status?.storedVersions ?? [];
  const storing = object.spec?.versions?.find(({ storage }) => storage)?.name;
  if (!storing || stored.includes(storing)) return;
  object.status = { ...object.status, storedVersions: [...stored, storing] };
}

/** Source: ValidateCustomResourceDefinition in k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation. */
function validate({ metadata, spec: given, status }: CustomResourceDefinition): Cause[] {
  const causes: Cause[] = [];
  const spec = given ?? ({} as Spec);
  const expected = `${spec.names?.plural}.${spec.group}`;
  if (metadata?.name !== expected) {
    causes.push(invalidValue('metadata.name', metadata?.name ?? '', 'must be spec.names.plural+"."+spec.group'));
  }
  checkGroup(causes, spec.group ?? '');
  checkRequiredScope(causes, spec.scope);
  checkVersions(causes, spec);
  checkNames(causes, spec.names ?? ({} as Spec['names']));
  checkConversion(causes, spec);
  const stored = status?.storedVersions ?? [];
  const storing = (spec.versions ?? []).filter(({ storage }) => storage).map(({ name }) => name);
  for (const name of storing.filter((name, i) => !stored.includes(name) || storing.indexOf(name) < i)) {
    causes.push(invalidValue('status.storedVersions', stored, `must have the storage version ${name}`));
  }
  if (stored.length === 0) {
    causes.push(invalidValue('status.storedVersions', null, 'must have at least one stored version'));
  }
  return causes;
}

function checkGroup(causes: Cause[], group: string): void {
  if (!checkRequired(causes, 'spec.group', group)) return;
  const faults = dns1123Subdomain(group);
  if (faults.length > 0) causes.push(invalidValue('spec.group', group, faults.join(',')));
  else if (!group.includes('.'))
    causes.push(invalidValue('spec.group', group, 'should be a domain with at least one dot'));
}

function checkRequiredScope(causes: Cause[], scope: string | undefined): void {
  if (!scope) causes.push(required('spec.scope'));
  else if (scope !== 'Cluster' && scope !== 'Namespaced') {
    causes.push(notSupported('spec.scope', scope, ['Cluster', 'Namespaced']));
  }
}

function checkVersions(causes: Cause[], spec: Spec): void {
  const versions = spec.versions ?? [];
  const names = versions.map(({ name }) => name);
  const same = shared(versions);
  versions.forEach((version, i) => {
    checkVersion(causes, version, `spec.versions[${i}]`, same && i === 0);
  });
  if (new Set(names).size < names.length) {
    causes.push(invalidValue('spec.versions', names, 'must contain unique version names'));
  }
  if (versions.filter(({ storage }) => storage).length === 1) return;
  const why = 'must have exactly one version marked as storage version';
  causes.push(invalidValue('spec.versions', versions, why));
}

/** What every version has alike is held once upstream, above the versions, and faults are named there. */
function shared(versions: CustomResourceDefinitionVersion[]): boolean {
  const [first] = versions;
  return versions.every(
    ({ schema, additionalPrinterColumns, subresources }) =>
      semanticEqual(schema, first!.schema) &&
      semanticEqual(additionalPrinterColumns, first!.additionalPrinterColumns) &&
      semanticEqual(subresources, first!.subresources),
  );
}

function checkVersion(
  causes: Cause[],
  version: CustomResourceDefinitionVersion,
  path: string,
  isShared: boolean,
): void {
  const { name = '', schema, deprecated, deprecationWarning } = version;
  const faults = dns1035Label(name);
  if (faults.length > 0) {
    causes.push(invalidValue(`${path}.name`, name, faults.join(',')));
    if (isShared) causes.push(invalidValue('spec.version', name, faults.join(',')));
  }
  if (deprecationWarning !== undefined && !deprecated) {
    const why = 'can only be set for deprecated versions';
    causes.push(invalidValue(`${path}.deprecationWarning`, deprecationWarning, why));
  }
  if (!schema?.openAPIV3Schema) causes.push(required(`${path}.schema.openAPIV3Schema`));
  else
    checkSchema(
      causes,
      schema.openAPIV3Schema,
      isShared ? 'spec.validation.openAPIV3Schema' : `${path}.schema.openAPIV3Schema`,
    );
  const columns = isShared ? 'spec.additionalPrinterColumns' : `${path}.additionalPrinterColumns`;
  checkColumns(causes, version.additionalPrinterColumns ?? [], columns);
  const scale = version.subresources?.scale;
  if (scale) checkScale(causes, scale, isShared ? 'spec.subresources.scale' : `${path}.subresources.scale`);
}

function checkNames(causes: Cause[], names: Spec['names']): void {
  const path = 'spec.names';
  const label = (field: string, value: string | undefined, mixedCase = false) => {
    const faults = dns1035Label(mixedCase ? (value ?? '').toLowerCase() : (value ?? ''));
    if (faults.length === 0) return;
    const prefix = mixedCase ? 'may have mixed case, but should otherwise match: ' : '';
    causes.push(invalidValue(`${path}.${field}`, value ?? '', `${prefix}${faults.join(',')}`));
  };
  if (checkRequired(causes, `${path}.plural`, names.plural)) label('plural', names.plural);
  if (checkRequired(causes, `${path}.singular`, names.singular)) label('singular', names.singular);
  if (checkRequired(causes, `${path}.kind`, names.kind)) label('kind', names.kind, true);
  if (checkRequired(causes, `${path}.listKind`, names.listKind)) label('listKind', names.listKind, true);
  if (names.kind && names.kind === names.listKind) {
    causes.push(invalidValue(`${path}.listKind`, names.listKind, 'kind and listKind may not be the same'));
  }
  for (const list of ['shortNames', 'categories'] as const) {
    names[list]?.forEach((name, i) => {
      label(`${list}[${i}]`, name);
    });
  }
}

function checkConversion(causes: Cause[], { conversion, preserveUnknownFields }: Spec): void {
  const path = 'spec.conversion';
  if (!conversion?.strategy) return void causes.push(required(`${path}.strategy`));
  checkOneOf(causes, `${path}.strategy`, conversion.strategy, ['None', 'Webhook']);
  if (conversion.strategy !== 'None' && preserveUnknownFields) {
    const why = 'must be None if spec.preserveUnknownFields is true';
    causes.push(invalidValue(`${path}.strategy`, conversion.strategy, why));
  }
  if (conversion.strategy === 'None' && conversion.webhook) {
    const why = 'should not be set when strategy is not set to Webhook';
    causes.push({
      ...invalidValue(`${path}.webhook`, '', why),
      reason: 'FieldValueForbidden',
      message: `Forbidden: ${why}`,
    });
  }
  if (conversion.strategy !== 'Webhook') return;
  if (!conversion.webhook?.clientConfig) {
    causes.push(required(`${path}.webhookClientConfig`, 'required when strategy is set to Webhook'));
  } else checkClient(causes, conversion.webhook.clientConfig, `${path}.webhookClientConfig`);
  const versions = conversion.webhook?.conversionReviewVersions ?? [];
  checkRequired(causes, `${path}.conversionReviewVersions`, versions);
  versions.forEach((version, i) => {
    const field = `${path}.conversionReviewVersions[${i}]`;
    if (versions.indexOf(version) < i) causes.push(duplicateValue(field, version));
    else checkFormat(causes, field, version, dns1035Label);
  });
}

/** What older definitions may have and new ones may not. Source: validateAPIApproval, validatePreserveUnknownFields. */
function checkNew(causes: Cause[], object: CustomResourceDefinition, old?: CustomResourceDefinition): void {
  checkApproval(causes, object, old);
  if (!object.spec?.preserveUnknownFields || old?.spec?.preserveUnknownFields) return;
  const why = 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
  causes.push(invalidValue('spec.preserveUnknownFields', true, why));
}

export const customResourceDefinition: KindRules = {
  defaults,
  prepareForCreate,
  prepareForUpdate,
  prepareForStatusUpdate: onlyStatus,
  validate(object: CustomResourceDefinition) {
    const causes = validate(object);
    checkNew(causes, object);
    return causes;
  },
  validateUpdate(object: CustomResourceDefinition, old: CustomResourceDefinition) {
    const causes = validate(object);
    checkNew(causes, object, old);
    const [spec, before] = [object.spec, old.spec];
    checkImmutable(causes, 'spec.group', spec?.group, before?.group);
    checkImmutable(causes, 'spec.names.plural', spec?.names?.plural, before?.names?.plural);
    checkImmutable(causes, 'spec.scope', spec?.scope, before?.scope);
    checkImmutable(causes, 'spec.names.kind', spec?.names?.kind, before?.names?.kind);
    for (const stored of object.status?.storedVersions ?? []) {
      if (spec?.versions?.some(({ name }) => name === stored)) continue;
      const why =
        'missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions';
      const named = why.replaceAll('v1', stored);
      causes.push(
        invalidValue(`status.storedVersions[${object.status!.storedVersions!.indexOf(stored)}]`, stored, named),
      );
    }
    return causes;
  },
  generationFrom: ['spec'],
};
