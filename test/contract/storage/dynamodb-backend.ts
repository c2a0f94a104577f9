import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Store } from '../../../lib/storage/contract.ts';
import type { Database } from '../../../lib/storage/dynamodb/database.ts';
import type { Limits } from '../../../lib/storage/dynamodb/limits.ts';
import { Meter } from '../../../lib/storage/dynamodb/meter.ts';
import { openDynamoStore } from '../../../lib/storage/dynamodb/open.ts';
import { sdkDatabase } from '../../../lib/storage/dynamodb/sdk-database.ts';
import { createTables, deleteTables, emulatorClient } from '../../dynamodb/emulator.ts';
import { dynamoDbLocal } from '../../dynamodb/install.ts';
import { localEndpoint } from '../../dynamodb/local.ts';
import { shiftedClock } from '../../fakes/shifted-clock.ts';
import type { Backend, Opened } from './backends.ts';

/** The first store waits for the server to start. */
jest.setTimeout(60_000);

export interface DynamoBackend extends Backend {
  open(limits?: Partial<Limits>): Promise<OpenedDynamo>;
}

/** Each store that a test opens has tables of its own. */
function dynamoBackend(name: string, endpoint: () => Promise<string>): DynamoBackend {
  return {
    name,
    maxWrites: 99,
    isShared: true,
    async open(limits = {}) {
      const client = emulatorClient(await endpoint());
      const prefix = `test-${randomUUID()}`;
      await createTables(client, prefix);
      return opened(client, prefix, limits);
    },
  };
}

export interface OpenedDynamo extends Opened {
  /** Of all requests of the stores over these tables. */
  meter: Meter;
  beside(): Promise<Store>;
  /** Another store, whose database is changed on its way there. */
  open(change: (database: Database) => Database): Store;
}

function opened(client: DynamoDBClient, prefix: string, limits: Partial<Limits>): OpenedDynamo {
  const clock = shiftedClock();
  const meter = new Meter();
  const stores: Store[] = [];
  const open = (change = (database: Database) => database) => {
    const database = change(sdkDatabase({ client, prefix, clock, meter }));
    const store = openDynamoStore({ database, clock, ...limits });
    stores.push(store);
    return store;
  };
  return {
    store: open(),
    clock,
    meter,
    reopen: async () => open(),
    beside: async () => open(),
    open,
    async dispose() {
      for (const store of stores) await store.close();
      await deleteTables(client, prefix);
      client.destroy();
    },
  };
}

/** DynamoDB Local, where it can be installed; or the LocalStack whose address is given. */
export function dynamoBackends(): DynamoBackend[] {
  const localStack = process.env['LOCALSTACK_ENDPOINT'];
  if (localStack) return [dynamoBackend('LocalStack', async () => localStack)];
  const installed = dynamoDbLocal();
  if ('jars' in installed || process.env['CI'] === 'true') return [dynamoBackend('DynamoDB Local', localEndpoint)];
  console.warn(`The contract is not tested on DynamoDB Local. ${installed.lack}.`);
  return [];
}
