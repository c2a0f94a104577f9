import { createQueue } from '../../../lib/runtime/queue.ts';
import { fakeClock, settle } from '../../fakes/clock.ts';
import { seededRandom } from '../../fakes/random.ts';

const backoff = { baseMs: 10, maxMs: 35, jitter: 0 };

function setup() {
  const clock = fakeClock();
  return { clock, queue: createQueue(clock, seededRandom(1), backoff), ...aborting() };
}

function aborting() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

test('a key added twice is handed out once', async () => {
  const { queue, signal } = setup();
  queue.add('a');
  queue.add('a');
  queue.add('b');
  expect([await queue.next(signal), await queue.next(signal)]).toEqual(['a', 'b']);
  expect(queue.length).toBe(0);
});

test('a key added while it is worked on comes again only after done', async () => {
  const { queue, signal } = setup();
  queue.add('a');
  await queue.next(signal);
  queue.add('a');
  queue.add('a');
  expect(queue.length).toBe(0);
  queue.done('a');
  expect(queue.length).toBe(1);
  expect(await queue.next(signal)).toBe('a');
  queue.done('a');
  expect(queue.length).toBe(0);
});

test('waiting workers get keys as they come, one each', async () => {
  const { queue, signal } = setup();
  const both = Promise.all([queue.next(signal), queue.next(signal)]);
  queue.add('a');
  queue.add('b');
  expect(await both).toEqual(['a', 'b']);
});

test('an aborted wait ends with undefined and takes no key', async () => {
  const { queue, signal, abort } = setup();
  const waiting = queue.next(signal);
  abort();
  expect(await waiting).toBeUndefined();
  queue.add('a');
  expect(queue.length).toBe(1);
  expect(await queue.next(aborting().signal)).toBe('a');
});

test('of several delayed adds the earliest wins and fires once', async () => {
  const { clock, queue } = setup();
  queue.addAfter('a', 100);
  queue.addAfter('a', 20);
  queue.addAfter('a', 50);
  await clock.advance(19);
  expect(queue.length).toBe(0);
  await clock.advance(1);
  expect(queue.length).toBe(1);
  expect(clock.pending).toBe(0);
});

test('failures wait twice as long each time up to the limit, until the key is forgotten', async () => {
  const { clock, queue, signal } = setup();
  const waits: number[] = [];
  const fail = async () => {
    const before = clock.now();
    queue.addRateLimited('a');
    const next = queue.next(signal);
    while (clock.pending > 0) await clock.advance(1);
    await next;
    queue.done('a');
    waits.push(clock.now() - before);
  };
  for (let i = 0; i < 4; i++) await fail();
  queue.forget('a');
  await fail();
  expect(waits).toEqual([10, 20, 35, 35, 10]);
  await settle();
});
