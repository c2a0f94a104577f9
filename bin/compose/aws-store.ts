import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { AwsEnvironment } from '../../lib/cloud/aws/environment.ts';
import type { Store } from '../../lib/storage/contract.ts';
import { openDynamoStore } from '../../lib/storage/dynamodb/open.ts';
import { DYNAMODB_CLIENT, sdkDatabase } from '../../lib/storage/dynamodb/sdk-database.ts';
import type { Platform } from './control-plane.ts';

/** The cluster's tables. */
export function openAwsStore({ tablePrefix: prefix }: AwsEnvironment, { clock, random }: Platform): Store {
  const client = new DynamoDBClient(DYNAMODB_CLIENT);
  return openDynamoStore({ database: sdkDatabase({ client, prefix, clock }), clock, random });
}
