import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { DYNAMODB_CLIENT } from '../../lib/storage/dynamodb/sdk-database.ts';
import { TABLES, type TableDefinition, tableName } from '../../lib/storage/dynamodb/tables.ts';

/** An emulator on a busy machine may take its time. */
const REQUEST_TIMEOUT_MS = 30_000;

/** A client of an emulator, which takes any credentials. */
export function emulatorClient(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({
    ...DYNAMODB_CLIENT,
    requestHandler: { requestTimeout: REQUEST_TIMEOUT_MS, throwOnRequestTimeout: true },
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
}

export async function createTables(client: DynamoDBClient, prefix: string): Promise<void> {
  await Promise.all(TABLES.map((table) => createTable(client, prefix, table)));
}

async function createTable(client: DynamoDBClient, prefix: string, table: TableDefinition): Promise<void> {
  const TableName = tableName(prefix, table.name);
  const keys = [table.partitionKey, ...(table.sortKey ? [table.sortKey] : [])];
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: keys.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
      KeySchema: keys.map(({ name }, i) => ({ AttributeName: name, KeyType: i === 0 ? 'HASH' : 'RANGE' })),
      ...(table.stream ? { StreamSpecification: { StreamEnabled: true, StreamViewType: table.stream } } : {}),
    }),
  );
  await client.send(
    new UpdateTimeToLiveCommand({
      TableName,
      TimeToLiveSpecification: { AttributeName: table.timeToLive, Enabled: true },
    }),
  );
}

export async function deleteTables(client: DynamoDBClient, prefix: string): Promise<void> {
  for (const { name } of TABLES) await client.send(new DeleteTableCommand({ TableName: tableName(prefix, name) }));
}
