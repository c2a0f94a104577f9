import { forbiddenField, invalidValue, tooLong } from '../../../../lib/api/causes.ts';
import { configMapKey } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { ConfigMap } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat } from '../check.ts';
import { semanticEqual } from '../equal.ts';
import { base64Bytes } from './base64.ts';

/** 1 MiB, of ConfigMaps and Secrets alike. */
export const DATA_MAX_BYTES = 1024 * 1024;

const IMMUTABLE = 'field is immutable when `immutable` is set';

/** Source: ValidateConfigMap in k8s.io/kubernetes/pkg/apis/core/validation. */
function validate({ data, binaryData }: ConfigMap): Cause[] {
  const causes: Cause[] = [];
  let bytes = 0;
  for (const key in data) {
    checkFormat(causes, `data[${key}]`, key, configMapKey);
    if (binaryData && key in binaryData) {
      causes.push(invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData'));
    }
    bytes += Buffer.byteLength(data[key]!);
  }
  for (const key in binaryData) {
    checkFormat(causes, `binaryData[${key}]`, key, configMapKey);
    bytes += base64Bytes(binaryData[key]!);
  }
  if (bytes > DATA_MAX_BYTES) causes.push(tooLong('', DATA_MAX_BYTES));
  return causes;
}

/** What an immutable object keeps. */
export function checkImmutableData<T extends { immutable?: boolean | undefined }>(
  causes: Cause[],
  object: T,
  old: T,
  fields: readonly (keyof T & string)[],
): void {
  if (!old.immutable) return;
  if (!object.immutable) causes.push(forbiddenField('immutable', IMMUTABLE));
  for (const field of fields) {
    if (!semanticEqual(object[field], old[field])) causes.push(forbiddenField(field, IMMUTABLE));
  }
}

export const configMap: KindRules = {
  validate,
  validateUpdate(object: ConfigMap, old: ConfigMap) {
    const causes: Cause[] = [];
    checkImmutableData(causes, object, old, ['data', 'binaryData']);
    return [...causes, ...validate(object)];
  },
};
