import { keyOf } from '../../../lib/api/object.ts';
import { createCaches } from '../../../lib/client/cache.ts';
import type { Client } from '../../../lib/client/client.ts';
import type { Controller } from '../../../lib/client/controller.ts';
import { createClient } from '../../../lib/client/create-client.ts';
import { runControllers } from '../../../lib/client/driver.ts';
import { createRecorder } from '../../../lib/client/events.ts';
import { configMaps, events } from '../../../lib/client/resource-type.ts';
import { fakeApiserver } from '../../fakes/apiserver.ts';
import { fakeClock, settle } from '../../fakes/clock.ts';
import { seededRandom } from '../../fakes/random.ts';

function setUp(reconcile: Controller['reconcile']) {
  const client = createClient(fakeApiserver().fetch, { userAgent: 'test' });
  const clock = fakeClock();
  const random = seededRandom(1);
  const caches = createCaches(client, { clock, random });
  const abort = new AbortController();
  const watches = [{ type: configMaps, keys: (object: any, previous: any) => [keyOf(object ?? previous)] }];
  const errors: unknown[] = [];
  const run = runControllers([{ name: 'test', watches, reconcile }], caches, {
    clock,
    random,
    signal: abort.signal,
    onError: (error) => errors.push(error),
  });
  caches.start(abort.signal);
  return { client, clock, abort, run, errors };
}

/** As over a network: what is created is there a while after it was asked for. */
function slowToCreate(client: Client): Client {
  return { ...client, create: (...args: any[]) => settle().then(() => (client.create as any)(...args)) };
}

const settled = async () => {
  for (let i = 0; i < 20; i++) await settle();
};

describe('process driver', () => {
  test('a change becomes a key, and the run ends when told to', async () => {
    const keys: string[] = [];
    const { client, abort, run } = setUp(async (key) => {
      keys.push(key);
      return undefined;
    });
    await client.create(configMaps, { metadata: { namespace: 'a', name: 'x' } });
    await settled();
    expect(keys).toEqual(['a/x']);
    abort.abort();
    await run;
  });

  test('a failure is tried again after a wait, and told of', async () => {
    let calls = 0;
    const { client, clock, abort, errors } = setUp(async () => {
      if (++calls < 3) throw new Error('not yet');
      return undefined;
    });
    await client.create(configMaps, { metadata: { namespace: 'a', name: 'x' } });
    await settled();
    await clock.advance(1000);
    await settled();
    expect(calls).toBe(3);
    expect(errors).toHaveLength(2);
    abort.abort();
  });

  test('requeueAfterMs brings the key back then', async () => {
    let calls = 0;
    const { client, clock, abort } = setUp(async () => (++calls === 1 ? { requeueAfterMs: 5000 } : undefined));
    await client.create(configMaps, { metadata: { namespace: 'a', name: 'x' } });
    await settled();
    await clock.advance(4999);
    expect(calls).toBe(1);
    await clock.advance(1);
    await settled();
    expect(calls).toBe(2);
    abort.abort();
  });
});

describe('event recorder', () => {
  test('repetitions raise the count of one Event', async () => {
    const client = createClient(fakeApiserver().fetch, { userAgent: 'test' });
    const recorder = createRecorder(slowToCreate(client), {
      component: 'kubelet',
      host: 'n1',
      clock: fakeClock(),
      random: seededRandom(1),
    });
    const pod = { kind: 'Pod', apiVersion: 'v1', metadata: { namespace: 'a', name: 'p', uid: 'u' } };
    for (let i = 0; i < 3; i++) {
      recorder.warning(pod, 'BackOff', 'Back-off restarting failed container');
      await recorder.flush();
    }
    // Said again before the first of them is written.
    for (let i = 0; i < 3; i++) recorder.normal(pod, 'Pulled', 'Pulled it');
    await recorder.flush();
    const { items } = await client.list(events, { namespace: 'a' });
    expect(items.map((e) => [e.reason, e.count])).toEqual([
      ['BackOff', 3],
      ['Pulled', 3],
    ]);
    expect(items[0]).toMatchObject({
      involvedObject: { kind: 'Pod', uid: 'u' },
      source: { component: 'kubelet', host: 'n1' },
    });
  });
});
