import { withVirtualNode } from '../../../functions/capacity/fargate/backend.ts';
import type { LogLine, TaskLogs } from '../../../lib/cloud/tasks.ts';
import { fakeClock, settle } from '../../fakes/clock.ts';

/** Pages of two lines, as CloudWatch gives them: at the end a token leads to itself. */
class FakeLogs implements TaskLogs {
  readonly #lines = new Map<string, LogLine[]>();

  write(stream: string, ...texts: string[]): void {
    const lines = this.#lines.get(stream) ?? [];
    this.#lines.set(stream, [...lines, ...texts.map((text, i) => ({ timeMs: (lines.length + i + 1) * 1000, text }))]);
  }

  async streams(uid: string, container: string) {
    const names = [...this.#lines.keys()].filter((name) => name.startsWith(`${uid}/${container}/`)).reverse();
    return names.map((name) => ({ name, taskId: name.split('/')[2]! }));
  }

  async page(stream: string, { next = '0' }: { next?: string }) {
    const from = Number(next);
    const lines = this.#lines.get(stream)!.slice(from, from + 2);
    return { lines, next: String(from + lines.length) };
  }

  async tail(stream: string, count: number) {
    const lines = this.#lines.get(stream)!;
    return { lines: count === 0 ? [] : lines.slice(-count), next: String(lines.length) };
  }
}

function start() {
  const logs = new FakeLogs();
  const clock = fakeClock();
  const state = { alive: true };
  const elsewhere = { send: async () => new Response('an agent') };
  const backend = withVirtualNode(elsewhere, async () => ({ logs, clock, alive: async () => state.alive }));
  const left = new AbortController();
  const ask = (path: string, query = '') =>
    backend.send({ url: new URL(`virtual://fargate${path}?uid=u${query}`), signal: left.signal });
  return { logs, clock, state, left, backend, ask, log: (query = '') => ask('/containerLogs/ns/p/c', query) };
}

describe('the log of a container of a task', () => {
  test('is what its newest run wrote, over as many pages as there are', async () => {
    const { logs, log } = start();
    logs.write('u/c/task-0', 'old');
    logs.write('u/c/task-1', 'a', 'b', 'c', 'd', 'e');
    const response = await log();
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('a\nb\nc\nd\ne\n');
    expect(await (await log('&previous=true')).text()).toBe('old\n');
  });

  test.each([
    ['&tailLines=2', 'c\nd\n'],
    ['&tailLines=0', ''],
    ['&limitBytes=3', 'a\nb'],
    ['&timestamps=true&tailLines=1', '1970-01-01T00:00:04.000Z d\n'],
    ['&sinceTime=1970-01-01T00:00:03Z', 'c\nd\n'],
  ])('with %s is %j', async (query, text) => {
    const { logs, log } = start();
    logs.write('u/c/task-0', 'a', 'b', 'c', 'd');
    expect(await (await log(query)).text()).toBe(text);
  });

  test('is followed until the task has ended and nothing more comes', async () => {
    const { logs, log, clock, state } = start();
    logs.write('u/c/task-0', 'a');
    const response = await log('&follow=true');
    let text = '';
    const reading = (async () => {
      for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) text += Buffer.from(piece);
    })();
    await settle();
    logs.write('u/c/task-0', 'b');
    await clock.advance(2_000);
    expect(text).toBe('a\nb\n');
    state.alive = false;
    logs.write('u/c/task-0', 'last');
    for (let i = 0; i < 5; i++) await clock.advance(2_000);
    await reading;
    expect(text).toBe('a\nb\nlast\n');
  });

  test('of one that has not run is refused, in words', async () => {
    const response = await start().log();
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('container "c" in pod "p" is waiting to start');
  });

  test('is refused where the query is none', async () => {
    expect((await start().log('&tailLines=-1')).status).toBe(422);
  });
});

test('nothing else is answered for a virtual node, and other nodes are asked themselves', async () => {
  const { ask, backend, left } = start();
  expect((await ask('/stats/summary')).status).toBe(405);
  const agent = await backend.send({ url: new URL('https://10.0.0.1:10250/'), signal: left.signal });
  expect(await agent.text()).toBe('an agent');
});
