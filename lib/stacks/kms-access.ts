import { Stack } from 'aws-cdk-lib';
import { CLUSTER_CONTEXT } from '../storage/encryption/kms-keys.ts';
import { acknowledge, wildcard } from './acknowledge.ts';
import type { ClusterFunction } from './cluster-function.ts';
import { names } from './names.ts';
import type { Settings } from './settings.ts';

/** Of who reads and writes an encrypted table. Source: "DynamoDB encryption at rest usage notes", authorizing use of a customer managed key. */
const TABLE_ACTIONS = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

/** What the role may do with the customer's key. */
export interface KmsAccess {
  /** Through DynamoDB. */
  tables?: boolean;
  /** Reads or writes the cluster's SecureStrings. */
  parameters?: 'read' | 'write';
  /** Wraps and unwraps data keys, of this cluster's Secrets. */
  secrets?: boolean;
  /** On demand. */
  rotate?: boolean;
}

/**
 * By the key's alias ("Use aliases to control access to KMS keys"), not by its ARN: no stack holds on to another's key, which could never be taken
 * away then. Where there is no key the right is to nothing; it is there all the same, as the stack of the tables is deployed before the others,
 * and functions without it would read nothing until then.
 */
export function allowKms(target: ClusterFunction, settings: Settings, access: KmsAccess): void {
  const stack = Stack.of(target);
  const allow = (actions: string[], conditions: Record<string, string> = {}) =>
    target.allow(actions, [stack.formatArn({ service: 'kms', resource: 'key', resourceName: '*' })], {
      'ForAnyValue:StringEquals': { 'kms:ResourceAliases': names(settings).kmsAlias },
      ...(Object.keys(conditions).length > 0 && { StringEquals: conditions }),
    });
  const via = (service: string) => ({ 'kms:ViaService': `${service}.${stack.region}.${stack.urlSuffix}` });
  if (access.tables) allow(TABLE_ACTIONS, via('dynamodb'));
  if (access.parameters) allow(['kms:Decrypt', ...(access.parameters === 'write' ? ['kms:Encrypt'] : [])], via('ssm'));
  if (access.secrets)
    allow(['kms:Decrypt', 'kms:GenerateDataKey'], { [`kms:EncryptionContext:${CLUSTER_CONTEXT}`]: settings.name });
  if (access.rotate) allow(['kms:GetKeyRotationStatus', 'kms:RotateKeyOnDemand']);
  acknowledge(target, { [wildcard('kms', 'key/*')]: 'Only the one that has the cluster’s alias, by a condition' });
}
