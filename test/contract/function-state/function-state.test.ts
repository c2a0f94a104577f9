import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Acquired, Checkpoint, FunctionState } from '../../../lib/client/invocation/function-state.ts';
import { dispatcherCheckpoint } from '../../../lib/cloud/aws/dispatcher-checkpoint.ts';
import { dynamoState } from '../../../lib/cloud/aws/function-state.ts';
import { systemRandom } from '../../../lib/runtime/random.ts';
import { tableName } from '../../../lib/storage/dynamodb/tables.ts';
import { createTables, deleteTables, emulatorClient } from '../../dynamodb/emulator.ts';
import { dynamoDbLocal } from '../../dynamodb/install.ts';
import { localEndpoint } from '../../dynamodb/local.ts';
import { type FakeClock, fakeClock } from '../../fakes/clock.ts';
import { memoryState } from '../../fakes/invocations.ts';

jest.setTimeout(60_000);

const prefix = `test-${randomUUID()}`;
let client: DynamoDBClient;

const memory = { name: 'memory', open: async (clock: FakeClock): Promise<FunctionState> => memoryState(clock) };
const dynamodb = {
  name: 'DynamoDB Local',
  async open(clock: FakeClock): Promise<FunctionState> {
    const table = tableName(prefix, 'counters');
    return dynamoState({ dynamodb: client, table, name: randomUUID(), clock, random: systemRandom });
  },
};
// Its absence is told by the suite of the store.
const hasDynamo = !('lack' in dynamoDbLocal());

beforeAll(async () => {
  if (!hasDynamo) return;
  client = emulatorClient(await localEndpoint());
  await createTables(client, prefix);
});
afterAll(async () => {
  if (hasDynamo) await deleteTables(client, prefix);
});

const checkpoint: Checkpoint = {
  revision: 7,
  deployment: 'v1',
  resyncedAtMs: 3,
  keys: [{ controller: 'job', key: 'a/x', dueMs: 9, slackMs: 1, failures: 2 }],
  wakesMs: [11],
};

describe.each(hasDynamo ? [memory, dynamodb] : [memory])('the state of a function in $name', ({ open }) => {
  let clock: FakeClock;
  let state: FunctionState;
  beforeEach(async () => {
    clock = fakeClock();
    state = await open(clock);
  });

  const acquire = async (forMs = 1000) => (await state.acquire(clock.now() + forMs)) as Acquired;

  test('is held by one, who lets go with a checkpoint that the next is given', async () => {
    const first = await acquire();
    expect(first).toMatchObject({ held: true, wakesOn: false });
    expect(first.checkpoint).toBeUndefined();
    expect(await state.acquire(clock.now() + 1)).toMatchObject({
      held: false,
      untilMs: clock.now() + 1000,
      marked: false,
    });
    expect(await state.release(first.token, checkpoint)).toBe('released');
    const second = await acquire();
    expect(second.checkpoint).toEqual(checkpoint);
    expect(second.token).toBeGreaterThan(first.token);
    expect(await state.release(second.token)).toBe('released');
    expect((await acquire()).checkpoint).toEqual(checkpoint);
  });

  test('tells the holder of a mark, once', async () => {
    const { token } = await acquire();
    expect(await state.mark()).toBe(true);
    expect(await state.acquire(clock.now() + 1)).toMatchObject({ held: false, marked: true });
    expect(await state.release(token, checkpoint)).toBe('marked');
    expect(await state.unmark(token)).toBe(true);
    expect(await state.release(token, checkpoint)).toBe('released');
    expect(await state.mark()).toBe(false);
  });

  test('lets go despite a mark when forced, and the next holder begins without it', async () => {
    const { token } = await acquire();
    await state.mark();
    expect(await state.release(token, checkpoint, { force: true })).toBe('released');
    const next = await acquire();
    expect(await state.release(next.token)).toBe('released');
  });

  test('is taken over when the time of its holder is over, who can write nothing any more', async () => {
    const late = await acquire();
    await state.mark();
    await clock.advance(1000);
    expect(await state.mark()).toBe(false);
    const next = await acquire();
    expect(next.held).toBe(true);
    expect(await state.unmark(late.token)).toBe(false);
    expect(await state.noteWakes(late.token, true)).toBe(false);
    expect(await state.release(late.token, checkpoint, { force: true })).toBe('lost');
    expect(await state.release(next.token)).toBe('released');
    expect((await acquire()).checkpoint).toBeUndefined();
  });

  test('remembers whether wakes are on', async () => {
    const { token } = await acquire();
    expect(await state.noteWakes(token, true)).toBe(true);
    expect(await state.acquire(clock.now() + 1)).toMatchObject({ held: false, wakesOn: true });
    await state.release(token);
    expect(await acquire()).toMatchObject({ wakesOn: true });
  });

  test('holds some ten thousand keys', async () => {
    const { token } = await acquire();
    const keys = Array.from({ length: 10_000 }, (_, i) => ({
      ...checkpoint.keys[0]!,
      key: `namespace-${i % 90}/pod-${i}`,
    }));
    expect(await state.release(token, { ...checkpoint, keys })).toBe('released');
    expect((await acquire()).checkpoint?.keys).toEqual(keys);
  });
});

(hasDynamo ? test : test.skip)("the dispatcher's checkpoint only rises (needs DynamoDB Local)", async () => {
  const { read, raise } = dispatcherCheckpoint(client, tableName(prefix, 'counters'));
  expect(await read()).toBeUndefined();
  await raise(5);
  await raise(3);
  expect(await read()).toBe(5);
  await raise(8);
  expect(await read()).toBe(8);
});
