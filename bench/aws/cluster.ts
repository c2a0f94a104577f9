/** A cluster over DynamoDB Local whose every request to DynamoDB is counted, composed as on AWS: openAwsApiserver with keys that lie in memory. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { composeFunction } from '../../bin/compose/invocations.ts';
import { composeApiserver } from '../../functions/apiserver/compose.ts';
import type { Apiserver } from '../../functions/apiserver/contract.ts';
import { createControllers } from '../../functions/controllers/index.ts';
import { planKeys } from '../../functions/keys/plan.ts';
import { createScheduler } from '../../functions/scheduler/scheduler.ts';
import type { Client } from '../../lib/client/client.ts';
import { createClient } from '../../lib/client/create-client.ts';
import { type InProcessUser, inProcess } from '../../lib/client/in-process.ts';
import type { InvocationDriver } from '../../lib/client/invocation/driver.ts';
import type { FunctionState } from '../../lib/client/invocation/function-state.ts';
import { API_ENDPOINT, ISSUER } from '../../lib/cloud/aws/environment.ts';
import { dynamoState } from '../../lib/cloud/aws/function-state.ts';
import { APISERVER_KEYS, type ClusterKeys, clusterKeys } from '../../lib/cloud/aws/key-parameters.ts';
import { systemClock as clock } from '../../lib/runtime/clock.ts';
import { lineLog } from '../../lib/runtime/log.ts';
import { systemRandom as random } from '../../lib/runtime/random.ts';
import type { Store } from '../../lib/storage/contract.ts';
import { Meter } from '../../lib/storage/dynamodb/meter.ts';
import { openDynamoStore } from '../../lib/storage/dynamodb/open.ts';
import { sdkDatabase } from '../../lib/storage/dynamodb/sdk-database.ts';
import { tableName } from '../../lib/storage/dynamodb/tables.ts';
import { ringKeys } from '../../lib/storage/encryption/key-ring.ts';
import { parameterRing } from '../../lib/storage/encryption/parameter-ring.ts';
import { ENCRYPTED_TYPES, encryptedStore } from '../../lib/storage/encryption/store.ts';
import { createTables, emulatorClient } from '../../test/dynamodb/emulator.ts';
import { localEndpoint } from '../../test/dynamodb/local.ts';
import { memoryWakes } from '../../test/fakes/invocations.ts';

const PREFIX = 'bench';
export const platform = { clock, random, log: lineLog((line) => process.stderr.write(line), clock) };

/** One process of a function: its store knows nothing yet. */
export interface Instance {
  apiserver: Apiserver;
  store: Store;
  meter: Meter;
  bootstrap(): Promise<void>;
  /** Signs in with this ServiceAccount token. */
  client(token: string): Client;
  as(user: InProcessUser): Client;
}

export interface BenchCluster {
  instance(): Instance;
  controllers(): Invoked;
  scheduler(): Invoked;
}

export interface Invoked {
  driver: InvocationDriver;
  meter: Meter;
}

export async function openCluster(): Promise<BenchCluster> {
  const dynamodb = emulatorClient(await localEndpoint());
  await createTables(dynamodb, PREFIX);
  const keys = clusterKeys(await planKeys(new Map(), { rotation: '1' }, clock.now()).then(onlyTheApiservers));
  const instance = () => openInstance(dynamodb, keys);
  return {
    instance,
    controllers: () =>
      invoked('controllers', instance(), dynamodb, (caches, clients) =>
        createControllers({
          caches,
          clientFor: clients.controller,
          clock,
          random,
          rootCA: keys.authorityCertificate,
          followsLog: true,
        }),
      ),
    scheduler: () =>
      invoked('scheduler', instance(), dynamodb, (caches, clients) => [
        createScheduler({ caches, client: clients.scheduler(), clock, random }),
      ]),
  };
}

function onlyTheApiservers(parameters: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...parameters].filter(([name]) => APISERVER_KEYS.includes(name)));
}

function openInstance(client: DynamoDBClient, keys: ClusterKeys): Instance {
  const meter = new Meter();
  const inner = openDynamoStore({ database: sdkDatabase({ client, prefix: PREFIX, clock, meter }), clock, random });
  const ring = parameterRing(async () => JSON.stringify(keys.secrets), clock, 'the ring', keys.secrets);
  const store = encryptedStore(inner, { keys: ringKeys(ring), types: ENCRYPTED_TYPES });
  const { apiserver, bootstrap } = composeApiserver({
    store,
    ...platform,
    version: '0.0.0',
    serviceCIDR: '10.96.0.0/16',
    serviceAccountKey: keys.serviceAccount.key,
    issuer: ISSUER,
    endpoint: API_ENDPOINT,
    authorityCertificate: keys.authorityCertificate,
    frontProxyCertificate: keys.frontProxyCertificate,
  });
  const signedIn = (token: string) => (request: Request) => {
    request.headers.set('authorization', `Bearer ${token}`);
    return apiserver.fetch(request, { remoteAddress: '192.0.2.1' });
  };
  return {
    apiserver,
    store,
    meter,
    bootstrap,
    client: (token) => createClient(signedIn(token), { userAgent: 'bench' }),
    as: (user) => createClient(inProcess(apiserver.fetch, user), { userAgent: 'bench' }),
  };
}

function invoked(
  name: string,
  made: Instance,
  dynamodb: DynamoDBClient,
  controllersOf: Parameters<typeof composeFunction>[1],
): Invoked {
  const { apiserver, store, meter } = made;
  const state = dynamoState({ dynamodb, table: tableName(PREFIX, 'counters'), name, clock, random });
  const options = { ...platform, apiserver, store, state: counted(state, meter), wakes: memoryWakes(clock) };
  return { driver: composeFunction({ ...options, deployment: 'bench' }, controllersOf), meter };
}

/** Each call of a function's state is one UpdateItem of its item; a checkpoint below 1 KB is one unit. */
function counted(state: FunctionState, meter: Meter): FunctionState {
  return new Proxy(state, {
    get:
      (target: any, method) =>
      (...given: unknown[]) => {
        meter.count('UpdateItem', { write: 1 });
        return target[method](...given);
      },
  });
}
