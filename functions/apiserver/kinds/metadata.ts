import { forbiddenField, invalidValue, notSupported, required, tooLong } from '../../../lib/api/causes.ts';
import { goQuote } from '../../../lib/api/go-text.ts';
import {
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  type FormatCheck,
  labelValue,
  maskTrailingDash,
  pathSegment,
  pathSegmentPrefix,
  qualifiedName,
} from '../../../lib/api/names.ts';
import type { Cause } from '../../../lib/api/status.ts';
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../../../lib/api/types.ts';
import type { KindRules } from '../contract.ts';
import { checkFormat, checkImmutable, checkNotNegative } from './check.ts';

/** What an ObjectMeta must obey, for every kind. Source: k8s.io/apimachinery/pkg/api/validation/objectmeta.go. */
export interface MetadataOptions {
  namespaced: boolean;
  nameFormat?: KindRules['nameFormat'];
  /** Built-in kinds take bare finalizer names only from a list; custom resources take any qualified name. Default true. */
  standardFinalizers?: boolean;
}

const NAME_FORMATS: Record<NonNullable<KindRules['nameFormat']>, FormatCheck> = {
  subdomain: dns1123Subdomain,
  label: dns1123Label,
  label1035: dns1035Label,
  pathSegment,
};

export function validateObjectMeta(meta: ObjectMeta, options: MetadataOptions, path = 'metadata'): Cause[] {
  const causes: Cause[] = [];
  checkName(causes, meta, NAME_FORMATS[options.nameFormat ?? 'subdomain'], path);
  checkNamespace(causes, meta, options.namespaced, path);
  checkCommon(causes, meta, options, path);
  for (const finalizer of meta.finalizers ?? []) checkFormat(causes, `${path}.finalizers`, finalizer, qualifiedName);
  checkOpposingFinalizers(causes, meta.finalizers, path);
  return causes;
}

/** For the main resource and every subresource: what was given at creation stays. */
export function validateObjectMetaUpdate(
  meta: ObjectMeta,
  old: ObjectMeta,
  options: MetadataOptions,
  path = 'metadata',
): Cause[] {
  const causes: Cause[] = [];
  if (old.deletionTimestamp) checkNoNewFinalizers(causes, meta.finalizers ?? [], old.finalizers ?? [], path);
  if (!meta.resourceVersion) {
    causes.push(invalidValue(`${path}.resourceVersion`, '', 'must be specified for an update'));
  }
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    causes.push(invalidValue(`${path}.generation`, meta.generation ?? 0, 'must not be decremented'));
  }
  for (const field of FIXED_FIELDS) checkImmutable(causes, `${path}.${field}`, meta[field], old[field]);
  checkCommon(causes, meta, options, path);
  return causes;
}

const FIXED_FIELDS = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

function checkName(causes: Cause[], meta: ObjectMeta, format: FormatCheck, path: string): void {
  if (meta.generateName) checkGenerateName(causes, meta.generateName, format, path);
  if (meta.name) checkFormat(causes, `${path}.name`, meta.name, format);
  else causes.push(required(`${path}.name`, 'name or generateName is required'));
}

function checkGenerateName(causes: Cause[], generateName: string, format: FormatCheck, path: string): void {
  const faults = format === pathSegment ? pathSegmentPrefix(generateName) : format(maskTrailingDash(generateName));
  for (const fault of faults) causes.push(invalidValue(`${path}.generateName`, generateName, fault));
}

function checkNamespace(causes: Cause[], meta: ObjectMeta, namespaced: boolean, path: string): void {
  if (!namespaced) {
    if (meta.namespace) causes.push(forbiddenField(`${path}.namespace`, 'not allowed on this type'));
  } else if (meta.namespace) checkFormat(causes, `${path}.namespace`, meta.namespace, dns1123Label);
  else causes.push(required(`${path}.namespace`));
}

function checkCommon(causes: Cause[], meta: ObjectMeta, options: MetadataOptions, path: string): void {
  checkNotNegative(causes, `${path}.generation`, meta.generation);
  checkLabels(causes, meta.labels, `${path}.labels`);
  checkAnnotations(causes, meta.annotations, `${path}.annotations`);
  checkOwnerReferences(causes, meta.ownerReferences, `${path}.ownerReferences`);
  checkManagedFields(causes, meta.managedFields, `${path}.managedFields`);
  if (options.standardFinalizers !== false)
    checkStandardFinalizers(causes, meta.finalizers, (i) => `${path}.finalizers[${i}]`);
}

const KEY_NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** Whether a key is good; the whole format is only asked for the words of its faults. */
export function isPlainKey(key: string): boolean {
  const slash = key.indexOf('/');
  if (slash < 0) return KEY_NAME.test(key);
  return KEY_NAME.test(key.slice(slash + 1)) && dns1123Subdomain(key.slice(0, slash)).length === 0;
}

export function checkLabelKey(causes: Cause[], field: string, key: string): void {
  if (!isPlainKey(key)) checkFormat(causes, field, key, qualifiedName);
}

export function checkLabels(causes: Cause[], labels: Record<string, string> | undefined, path: string): void {
  for (const key in labels) {
    checkLabelKey(causes, path, key);
    checkFormat(causes, path, labels[key]!, labelValue);
  }
}

/** 256 KiB of keys and values together. */
const ANNOTATIONS_MAX_BYTES = 256 * 1024;

export function checkAnnotations(causes: Cause[], annotations: Record<string, string> | undefined, path: string): void {
  let bytes = 0;
  for (const key in annotations) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(annotations[key]!);
    if (isPlainKey(key)) continue;
    for (const fault of qualifiedName(key.toLowerCase())) causes.push(invalidValue(path, key, fault));
  }
  if (bytes > ANNOTATIONS_MAX_BYTES) causes.push(tooLong(path, ANNOTATIONS_MAX_BYTES));
}

function checkOwnerReferences(causes: Cause[], references: OwnerReference[] | undefined, path: string): void {
  let controller = '';
  references?.forEach((reference, i) => {
    checkOwnerReference(causes, reference, `${path}[${i}]`);
    if (!reference.controller) return;
    const current = `${reference.kind}/${reference.name}`;
    if (controller) {
      const why = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${current}`;
      causes.push(invalidValue(path, references, why));
    } else controller = current;
  });
}

function checkOwnerReference(causes: Cause[], reference: OwnerReference, path: string): void {
  const { apiVersion = '' } = reference;
  if (!apiVersion) causes.push(required(`${path}.apiVersion`, 'must not be empty'));
  else if (!/^(?:[^/]*\/)?[^/]+$/.test(apiVersion)) {
    causes.push(invalidValue(`${path}.apiVersion`, apiVersion, 'must be <group>/<version> or <version>'));
  }
  for (const field of ['kind', 'name', 'uid'] as const) {
    if (!reference[field]) causes.push(required(`${path}.${field}`, 'must not be empty'));
  }
  if (apiVersion === 'v1' && reference.kind === 'Event') {
    causes.push(invalidValue(path, reference, '/v1, Kind=Event is disallowed from being an owner'));
  }
}

const STANDARD_FINALIZERS = ['kubernetes', 'orphan', 'foregroundDeletion'];

export function checkStandardFinalizers(
  causes: Cause[],
  finalizers: string[] | undefined,
  path: (index: number) => string,
): void {
  finalizers?.forEach((finalizer, i) => {
    if (finalizer.includes('/') || STANDARD_FINALIZERS.includes(finalizer)) return;
    const why = 'name is neither a standard finalizer name nor is it fully qualified';
    causes.push(invalidValue(path(i), finalizer, why));
  });
}

function checkOpposingFinalizers(causes: Cause[], finalizers: string[] | undefined, path: string): void {
  if (!finalizers?.includes('orphan') || !finalizers.includes('foregroundDeletion')) return;
  const why = 'finalizer orphan and foregroundDeletion cannot be both set';
  causes.push(invalidValue(`${path}.finalizers`, finalizers, why));
}

function checkNoNewFinalizers(causes: Cause[], now: string[], before: string[], path: string): void {
  const extra = now.filter((finalizer) => !before.includes(finalizer)).sort();
  if (extra.length === 0) return;
  const list = `[]string{${extra.map(goQuote).join(', ')}}`;
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
  causes.push(forbiddenField(`${path}.finalizers`, why));
}

const FIELD_MANAGER_MAX_BYTES = 128;

function checkManagedFields(causes: Cause[], entries: ManagedFieldsEntry[] | undefined, path: string): void {
  entries?.forEach((entry, i) => {
    const at = `${path}[${i}]`;
    if (!entry.operation) causes.push(required(`${at}.operation`, 'must not be empty'));
    else if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      causes.push(notSupported(`${at}.operation`, entry.operation, ['Apply', 'Update']));
    }
    if (entry.fieldsType && entry.fieldsType !== 'FieldsV1') {
      causes.push(invalidValue(`${at}.fieldsType`, entry.fieldsType, 'must be `FieldsV1`'));
    }
    if (entry.manager && Buffer.byteLength(entry.manager) > FIELD_MANAGER_MAX_BYTES) {
      causes.push(tooLong(`${at}.manager`, FIELD_MANAGER_MAX_BYTES));
    }
  });
}
