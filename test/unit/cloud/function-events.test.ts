import type { Invocation } from '../../../lib/client/invocation/driver.ts';
import { functionEvents } from '../../../lib/cloud/aws/function-events.ts';
import { fakeClock } from '../../fakes/clock.ts';

const change = (sequence: string, keys: object = { pk: { S: 'pods' }, sk: { S: 'default/web' } }) => ({
  eventSource: 'aws:dynamodb',
  dynamodb: { Keys: keys, SequenceNumber: sequence },
});
const message = (messageId: string, body: string) => ({ eventSource: 'aws:sqs', messageId, body });

function setUp(run: (invocation: Invocation) => Promise<unknown> = async () => undefined) {
  const clock = fakeClock();
  const runs: Invocation[] = [];
  const dead: unknown[] = [];
  const handle = functionEvents({
    driver: async () => ({
      async run(invocation) {
        runs.push(invocation);
        await run(invocation);
        return 'done' as const;
      },
    }),
    async deadLetter(record) {
      dead.push(record);
    },
    clock,
    log: () => undefined,
  });
  const send = (records?: unknown[], leftMs = 300_000) =>
    handle({ ...(records && { Records: records as any }) }, { getRemainingTimeInMillis: () => leftMs });
  return { clock, runs, dead, send };
}

const failures = (...ids: string[]) => ({ batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) });

describe('a batch of the stream', () => {
  test('is one run, within the time that is left and never longer than a minute', async () => {
    const { clock, runs, send } = setUp();
    expect(await send([change('1'), change('2')])).toEqual(failures());
    expect(await send([change('3')], 20_000)).toEqual(failures());
    expect(runs.map(({ deadlineMs }) => deadlineMs - clock.now())).toEqual([60_000, 20_000]);
  });

  test('a poisoned record is put aside, and the others are handled', async () => {
    const { runs, dead, send } = setUp();
    const poisoned = [change('2', {}), { eventSource: 'aws:dynamodb' }, null, change('5', { pk: { S: 'x' } })];
    expect(await send([change('1'), ...poisoned])).toEqual(failures());
    expect(dead).toEqual(poisoned);
    expect(runs).toHaveLength(1);
  });

  test('of poisoned records alone runs nothing', async () => {
    const { runs, dead, send } = setUp();
    expect(await send([change('1', {})])).toEqual(failures());
    expect([runs.length, dead.length]).toEqual([0, 1]);
  });

  test('comes again as a whole when the run failed, without what was put aside', async () => {
    const { dead, send } = setUp(() => Promise.reject(new Error('the store is away')));
    expect(await send([change('1'), change('2', {}), change('3')])).toEqual(failures('1', '3'));
    expect(dead).toHaveLength(1);
  });
});

describe('a batch of wakes', () => {
  test('tells the run which wakes have come', async () => {
    const { runs, send } = setUp();
    await send([message('a', '{"due":1000}'), message('b', '{"due":2000}')]);
    expect(runs[0]?.wakesMs).toEqual([1000, 2000]);
  });

  test('what is no wake fails alone, so that its queue puts it aside', async () => {
    const { runs, dead, send } = setUp();
    expect(await send([message('a', 'x'), message('b', '{"due":1}'), message('c', '{"due":"soon"}')])).toEqual(
      failures('a', 'c'),
    );
    expect([runs.length, dead.length]).toEqual([1, 0]);
  });

  test('comes again when the run failed', async () => {
    const { send } = setUp(() => Promise.reject(new Error('the store is away')));
    expect(await send([message('a', '{"due":1}')])).toEqual(failures('a'));
  });
});

test('anything else is a hint: it runs', async () => {
  const { runs, send } = setUp();
  expect(await send()).toEqual(failures());
  expect(runs).toMatchObject([{ wakesMs: [] }]);
});
