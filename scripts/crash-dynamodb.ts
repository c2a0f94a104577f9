/** `node scripts/crash-dynamodb.ts [ROUNDS]`: kills and stops writers over DynamoDB Local in the middle of their load and checks every promise of the store. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { awake } from '../lib/runtime/awake.ts';
import { systemRandom } from '../lib/runtime/random.ts';
import { dynamoRounds } from '../test/contract/storage/dynamodb-rounds.ts';
import { createTables, emulatorClient } from '../test/dynamodb/emulator.ts';
import { localEndpoint } from '../test/dynamodb/local.ts';

const rounds = Number(process.argv[2] ?? 20);
const endpoint = await localEndpoint();
const prefix = `crash-${randomUUID()}`;
const client = emulatorClient(endpoint);
await createTables(client, prefix);
client.destroy();
const writer = join(import.meta.dirname, '../test/contract/storage/dynamodb-writer.ts');
const given = { endpoint, prefix, writer, random: systemRandom };
const { pairs, counts } = await awake(() => dynamoRounds(rounds, given));
console.log(
  `${rounds} rounds, each with a writer stopped and resumed and one killed: ${pairs} pairs and ${counts} steps acknowledged, none lost, none half-written`,
);
