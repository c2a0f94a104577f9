import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createTables, emulatorClient } from '../../dynamodb/emulator.ts';
import { dynamoDbLocal } from '../../dynamodb/install.ts';
import { localEndpoint } from '../../dynamodb/local.ts';
import { seededRandom } from '../../fakes/random.ts';
import { dynamoRounds } from './dynamodb-rounds.ts';

/** scripts/crash-dynamodb.ts runs more. */
const ROUNDS = 1;

/** Where DynamoDB Local cannot run, backends.ts says so. */
const runs = 'jars' in dynamoDbLocal() || process.env['CI'] === 'true';

(runs ? test : test.skip)(
  'writers that are stopped, killed and resumed over the same tables lose nothing acknowledged and leave nothing half-written',
  async () => {
    const endpoint = await localEndpoint();
    const prefix = `crash-${randomUUID()}`;
    const client = emulatorClient(endpoint);
    await createTables(client, prefix);
    client.destroy();
    const writer = join(__dirname, 'dynamodb-writer.ts');
    const { pairs, counts } = await dynamoRounds(ROUNDS, { endpoint, prefix, writer, random: seededRandom(1) });
    expect(pairs + counts).toBeGreaterThanOrEqual(ROUNDS * 60);
  },
  120_000,
);
