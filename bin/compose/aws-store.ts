import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { AwsEnvironment } from '../../lib/cloud/aws/environment.ts';
import type { Store } from '../../lib/storage/contract.ts';
import { openDynamoStore } from '../../lib/storage/dynamodb/open.ts';
import { DYNAMODB_CLIENT, sdkDatabase } from '../../lib/storage/dynamodb/sdk-database.ts';
import type { Platform } from './control-plane.ts';

/**
 * An emulator on a busy machine takes seconds for what takes DynamoDB milliseconds. Readers that gave its writers up as soon as they may there
 * would have them begin again and again.
 */
const EMULATED = { holeWaitMs: 4000, commitTimeoutMs: 20_000, readTimeoutMs: 20_000 };

/** The cluster's tables. */
export function openAwsStore(
  { tablePrefix: prefix, awsEndpoint }: Pick<AwsEnvironment, 'tablePrefix' | 'awsEndpoint'>,
  { clock, random }: Pick<Platform, 'clock' | 'random'>,
  client = new DynamoDBClient(DYNAMODB_CLIENT),
): Store {
  const database = sdkDatabase({ client, prefix, clock });
  return openDynamoStore({ database, clock, random, ...(awsEndpoint && EMULATED) });
}
