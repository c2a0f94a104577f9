import { invalidValue, required, tooLong } from '../../../../lib/api/causes.ts';
import { configMapKey } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { Secret } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat, checkImmutable, checkRequired } from '../check.ts';
import { keyPairFault } from '../warnings/tls-key-pair.ts';
import { base64Bytes } from './base64.ts';
import { checkImmutableData, DATA_MAX_BYTES } from './config-map.ts';

/** stringData is only ever written: it becomes data. Source: SetDefaults_Secret and Convert_v1_Secret_To_core_Secret. */
function defaults(secret: Secret): void {
  secret.type ||= 'Opaque';
  const { stringData } = secret;
  if (!stringData) return;
  const data: Record<string, string> = { ...secret.data };
  for (const key in stringData) data[key] = Buffer.from(stringData[key]!).toString('base64');
  if (Object.keys(data).length > 0) secret.data = data;
  delete secret.stringData;
}

function validate(secret: Secret): Cause[] {
  const causes: Cause[] = [];
  let bytes = 0;
  for (const key in secret.data) {
    checkFormat(causes, `data[${key}]`, key, configMapKey);
    bytes += base64Bytes(secret.data[key]!);
  }
  if (bytes > DATA_MAX_BYTES) causes.push(tooLong('data', DATA_MAX_BYTES));
  checkType(causes, secret);
  return causes;
}

const TLS = 'kubernetes.io/tls';
const SERVICE_ACCOUNT_NAME = 'kubernetes.io/service-account.name';

/** Some types promise keys. Source: ValidateSecret in k8s.io/kubernetes/pkg/apis/core/validation. */
function checkType(causes: Cause[], { type, data = {}, metadata }: Secret): void {
  switch (type) {
    case 'kubernetes.io/service-account-token': {
      const name = metadata?.annotations?.[SERVICE_ACCOUNT_NAME];
      checkRequired(causes, `metadata.annotations[${SERVICE_ACCOUNT_NAME}]`, name);
      return;
    }
    case 'kubernetes.io/dockercfg':
      checkJson(causes, data, '.dockercfg');
      return;
    case 'kubernetes.io/dockerconfigjson':
      checkJson(causes, data, '.dockerconfigjson');
      return;
    case 'kubernetes.io/basic-auth':
      if ('username' in data || 'password' in data) return;
      causes.push(required('data[username]'), required('data[password]'));
      return;
    case 'kubernetes.io/ssh-auth':
      return void checkRequired(causes, 'data[ssh-privatekey]', data['ssh-privatekey']);
    case TLS:
      for (const key of ['tls.crt', 'tls.key']) if (!(key in data)) causes.push(required(`data[${key}]`));
  }
}

function checkJson(causes: Cause[], data: Record<string, string>, key: string): void {
  const field = `data[${key}]`;
  if (!(key in data)) return void causes.push(required(field));
  const text = Buffer.from(data[key]!, 'base64').toString();
  const fault = jsonFault(text);
  if (fault) causes.push(invalidValue(field, '<secret contents redacted>', fault));
}

/** Worded as encoding/json words the commonest faults. */
function jsonFault(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && !Array.isArray(value)) return undefined;
    const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
    return `json: cannot unmarshal ${found} into Go value of type map[string]interface {}`;
  } catch {
    if (text.trim() === '') return 'unexpected end of JSON input';
    return `invalid character '${text.trim()[0]}' looking for beginning of value`;
  }
}

const decoded = (value = '') => Buffer.from(value, 'base64').toString();

export const secret: KindRules = {
  defaults,
  validate,
  validateUpdate(object: Secret, old: Secret) {
    const causes: Cause[] = [];
    checkImmutable(causes, 'type', object.type, old.type);
    checkImmutableData(causes, object, old, ['data']);
    return [...causes, ...validate(object)];
  },
  selectableFields: { type: ({ type }: Secret) => type ?? '' },
  warnings({ type, data = {} }: Secret) {
    if (type !== TLS) return [];
    const fault = keyPairFault(decoded(data['tls.crt']), decoded(data['tls.key']));
    return fault ? [fault] : [];
  },
};
