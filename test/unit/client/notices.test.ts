import { decodeNotice, encodeNotice, followNotices, type NoticeQueue } from '../../../lib/client/notices.ts';
import { fakeClock, settle } from '../../fakes/clock.ts';
import { seededRandom } from '../../fakes/random.ts';

type Answer = string[] | Error;

/** Answers one after the other, then waits for good. */
function queueOf(...answers: Answer[]) {
  const taken: string[] = [];
  let asked = 0;
  const queue: NoticeQueue = {
    async receive(signal) {
      const answer = answers[asked++];
      if (answer instanceof Error) throw answer;
      if (answer) return { bodies: answer, done: async () => void taken.push(...answer) };
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
  };
  return {
    queue,
    taken,
    get asked() {
      return asked;
    },
  };
}

function follow(queue: NoticeQueue) {
  const clock = fakeClock();
  const woken: string[] = [];
  const abort = new AbortController();
  const running = followNotices({
    queue,
    wake: (resource, revision) => woken.push(`${resource}@${revision}`),
    wakeAll: () => woken.push('all'),
    clock,
    random: seededRandom(1),
    log: () => undefined,
    signal: abort.signal,
  });
  const stop = async () => {
    abort.abort();
    await running;
  };
  return { clock, woken, stop };
}

test('begins with everything, then passes on the newest of each resource and takes the messages off', async () => {
  const bodies = [
    encodeNotice({ revision: 7, resources: ['pods', 'services'] }),
    encodeNotice({ revision: 9, resources: ['pods'] }),
    encodeNotice({ revision: 8, resources: ['pods'] }),
  ];
  const answers = queueOf(bodies);
  const { woken, stop } = follow(answers.queue);
  await settle();
  expect(woken).toEqual(['all', 'pods@9', 'services@7']);
  expect(answers.taken).toEqual(bodies);
  await stop();
});

test('what is no notice is taken off and disturbs nobody', async () => {
  const answers = queueOf(
    ['hello', '{"resources":["pods"]}', '[]'],
    [encodeNotice({ revision: 1, resources: ['pods'] })],
  );
  const { woken, stop } = follow(answers.queue);
  await settle();
  await settle();
  expect(woken).toEqual(['all', 'pods@1']);
  expect(answers.taken).toHaveLength(4);
  await stop();
});

test('after a failure it waits longer each time, and catches up with everything each time', async () => {
  const answers = queueOf(new Error('throttled'), new Error('throttled'), []);
  const { woken, clock, stop } = follow(answers.queue);
  await settle();
  expect([answers.asked, woken]).toEqual([1, ['all']]);
  await clock.advance(1000);
  expect(answers.asked).toBe(2);
  await clock.advance(400);
  expect(answers.asked).toBe(2);
  await clock.advance(1700);
  expect([answers.asked, woken]).toEqual([4, ['all', 'all', 'all']]);
  await stop();
});

test('a notice is what was sent', () => {
  const notice = { revision: 3, resources: ['deployments.apps'] };
  expect(decodeNotice(encodeNotice(notice))).toEqual(notice);
});
