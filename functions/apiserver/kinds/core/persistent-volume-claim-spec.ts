import { forbiddenField, invalidValue, notSupported, required } from '../../../../lib/api/causes.ts';
import { dns1123Label, dns1123Subdomain } from '../../../../lib/api/names.ts';
import { parseQuantity } from '../../../../lib/api/quantity.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { PersistentVolumeClaimSpec, TypedObjectReference } from '../../../../lib/api/types.ts';
import { checkFormat, checkOneOf, checkRequired } from '../check.ts';
import { checkLabelSelector } from '../label-selector.ts';
import { canonicalizeResources } from '../resource-list.ts';

/** Source: SetDefaults_PersistentVolumeClaimSpec. Claims, their templates in StatefulSets and ephemeral volumes share it. */
export function defaultPersistentVolumeClaimSpec(spec: PersistentVolumeClaimSpec): void {
  spec.volumeMode ??= 'Filesystem';
  spec.resources ??= {};
  // Go writes this pointer even when it points nowhere.
  for (const source of [spec.dataSource, spec.dataSourceRef]) if (source) source.apiGroup ??= null as never;
  canonicalizeResources(spec.resources.limits);
  canonicalizeResources(spec.resources.requests);
}

/** Sorted. */
const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
export const VOLUME_MODES = ['Block', 'Filesystem'];

/** Source: ValidatePersistentVolumeClaimSpec in k8s.io/kubernetes/pkg/apis/core/validation. */
export function checkPersistentVolumeClaimSpec(causes: Cause[], spec: PersistentVolumeClaimSpec, path: string): void {
  checkRequired(causes, `${path}.accessModes`, spec.accessModes, 'at least 1 access mode is required');
  checkLabelSelector(causes, spec.selector, `${path}.selector`);
  checkAccessModes(causes, spec.accessModes, `${path}.accessModes`);
  checkStorageRequest(causes, spec.resources?.requests?.['storage'], `${path}.resources[storage]`);
  if (spec.storageClassName) {
    checkFormat(causes, `${path}.storageClassName`, spec.storageClassName, dns1123Subdomain);
  }
  if (spec.volumeMode !== undefined) checkOneOf(causes, `${path}.volumeMode`, spec.volumeMode, VOLUME_MODES);
  if (spec.dataSource) checkDataSource(causes, spec.dataSource, `${path}.dataSource`);
  if (spec.dataSourceRef) checkDataSource(causes, spec.dataSourceRef, `${path}.dataSourceRef`);
  checkDataSourcesAgree(causes, spec, path);
  if (spec.volumeAttributesClassName) {
    checkFormat(causes, `${path}.volumeAttributesClassName`, spec.volumeAttributesClassName, dns1123Subdomain);
  }
}

export function checkAccessModes(causes: Cause[], modes: string[] = [], field: string): void {
  for (const mode of modes) if (!ACCESS_MODES.includes(mode)) causes.push(notSupported(field, mode, ACCESS_MODES));
  const known = modes.filter((mode) => ACCESS_MODES.includes(mode));
  if (known.includes('ReadWriteOncePod') && known.some((mode) => mode !== 'ReadWriteOncePod')) {
    causes.push(forbiddenField(field, 'may not use ReadWriteOncePod with other access modes'));
  }
}

function checkStorageRequest(causes: Cause[], storage: string | undefined, field: string): void {
  if (storage === undefined) causes.push(required(field));
  else if (parseQuantity(storage).sign() <= 0) {
    causes.push(invalidValue(field, storage, 'must be greater than zero'));
  }
}

function checkDataSource(causes: Cause[], source: TypedObjectReference, path: string): void {
  checkRequired(causes, `${path}.name`, source.name);
  checkRequired(causes, `${path}.kind`, source.kind);
  if (source.apiGroup) checkFormat(causes, `${path}.apiGroup`, source.apiGroup, dns1123Subdomain);
  else if (source.kind !== 'PersistentVolumeClaim') {
    const why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
    causes.push(invalidValue(path, source.kind, why));
  }
  if (source.namespace) checkFormat(causes, `${path}.namespace`, source.namespace, dns1123Label);
}

function checkDataSourcesAgree(
  causes: Cause[],
  { dataSource, dataSourceRef }: PersistentVolumeClaimSpec,
  path: string,
): void {
  if (!dataSource || !dataSourceRef) return;
  const same = (['apiGroup', 'kind', 'name'] as const).every((field) => dataSource[field] === dataSourceRef[field]);
  if (dataSourceRef.namespace) {
    const why = 'may not be specified when dataSourceRef.namespace is specified';
    causes.push(invalidValue(path, {}, why));
  } else if (!same) causes.push(invalidValue(path, {}, 'must match dataSourceRef'));
}
