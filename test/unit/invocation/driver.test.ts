import { storeChanges } from '../../../bin/compose/change-source.ts';
import { keyOf } from '../../../lib/api/object.ts';
import type { Controller } from '../../../lib/client/controller.ts';
import { createClient } from '../../../lib/client/create-client.ts';
import { inProcess } from '../../../lib/client/in-process.ts';
import { createCatchUpCaches } from '../../../lib/client/invocation/caches.ts';
import { createInvocationDriver } from '../../../lib/client/invocation/driver.ts';
import { createGuard } from '../../../lib/client/invocation/guarded.ts';
import { configMaps, secrets } from '../../../lib/client/resource-type.ts';
import { memoryState, memoryWakes } from '../../fakes/invocations.ts';
import { seededRandom } from '../../fakes/random.ts';
import { ADMIN, realApiserver } from '../../fakes/real-apiserver.ts';

type Reconcile = Controller['reconcile'];

/** A cluster with one function, of which instances can be made as Lambda makes them. */
async function setUp() {
  const { apiserver, clock, store } = await realApiserver();
  const state = memoryState(clock);
  const wakes = memoryWakes(clock);
  const errors: unknown[] = [];
  const client = createClient(inProcess(apiserver.fetch, ADMIN), { userAgent: 'test' });
  let resyncs = false;
  const instance = (reconcile: Reconcile, more: Partial<Controller> = {}, deployment = 'v1') => {
    const guard = createGuard(clock);
    const own = createClient(guard.wrap(inProcess(apiserver.fetch, ADMIN)), { userAgent: 'instance' });
    const caches = createCatchUpCaches(own, storeChanges(store));
    const watches = [{ type: configMaps, keys: (object: any, previous: any) => [keyOf(object ?? previous)] }];
    const driver = createInvocationDriver({
      controllers: [{ name: 'test', watches, reconcile, ...more }],
      caches,
      state,
      wakes,
      guard,
      deployment,
      resyncs: () => resyncs,
      clock,
      random: seededRandom(1),
      onError: (error) => errors.push(error),
    });
    return {
      caches,
      client: own,
      /** Runs it as one event does, with a minute to go; the clock moves on while it waits. */
      async run(wakesMs: number[] = [], timeMs = 60_000) {
        const ended = { value: false };
        const result = driver.run({ deadlineMs: clock.now() + timeMs, wakesMs }).finally(() => {
          ended.value = true;
        });
        result.catch(() => undefined);
        for (let turns = 0; !ended.value; turns++) {
          await clock.advance(turns < 100 ? 0 : 50);
        }
        return result;
      },
      /** Begins, and is not waited for. */
      start: (timeMs = 60_000) => driver.run({ deadlineMs: clock.now() + timeMs }),
    };
  };
  const create = (name: string) => client.create(configMaps, { metadata: { namespace: 'a', name } });
  return {
    client,
    clock,
    store,
    state,
    wakes,
    errors,
    instance,
    create,
    resync: (on: boolean) => {
      resyncs = on;
    },
  };
}

/** Notes its keys, and does as told. */
function noting(act: (key: string, times: number) => ReturnType<Reconcile> = async () => undefined) {
  const keys: string[] = [];
  const reconcile: Reconcile = (key) => {
    keys.push(key);
    return act(key, keys.filter((one) => one === key).length);
  };
  return { keys, reconcile };
}

describe('an invocation', () => {
  test('without a checkpoint reconciles every key, and the next one only what changed since', async () => {
    const { instance, create } = await setUp();
    const { keys, reconcile } = noting();
    await create('x');
    await create('y');
    const { run } = instance(reconcile);
    expect(await run()).toBe('done');
    expect(keys.splice(0).sort()).toEqual(['a/x', 'a/y']);
    await create('z');
    expect(await run()).toBe('done');
    expect(keys.splice(0)).toEqual(['a/z']);
    expect(await run()).toBe('nothing');
    expect(keys).toEqual([]);
  });

  test('of a fresh process begins at the checkpoint, deletions since then included', async () => {
    const { instance, create, client } = await setUp();
    await create('x');
    await create('y');
    await instance(noting().reconcile).run();
    await client.delete(configMaps, { namespace: 'a', name: 'x' });
    await create('z');
    const { keys, reconcile } = noting();
    const seen: unknown[] = [];
    const fresh = instance(reconcile, {
      watches: [
        {
          type: configMaps,
          keys: (object, previous) => {
            seen.push([object?.metadata.name, previous?.metadata.name]);
            return [keyOf((object ?? previous)!)];
          },
        },
      ],
    });
    await fresh.run();
    expect(keys.sort()).toEqual(['a/x', 'a/z']);
    expect(seen).toContainEqual([undefined, 'x']);
    expect(
      fresh.caches
        .cache(configMaps)
        .list()
        .map(({ metadata }) => metadata.name)
        .sort(),
    ).toEqual(['y', 'z']);
  });

  test('catches up with its own writes, and reconciles what they bring', async () => {
    const { instance, create, client, state } = await setUp();
    const { keys, reconcile } = noting(async (key) => {
      if (key === 'a/x')
        await client.create(configMaps, { metadata: { namespace: 'a', name: 'child' } }).catch(() => 0);
      return undefined;
    });
    await create('x');
    await instance(reconcile).run();
    expect(keys).toEqual(['a/x', 'a/child']);
    expect(state.checkpoint?.keys).toEqual([]);
  });

  test('knows when its checkpoint is older than the log, and reconciles every key', async () => {
    const { instance, create, store } = await setUp();
    await create('x');
    const { keys, reconcile } = noting();
    const { run } = instance(reconcile);
    await run();
    await create('y');
    const { metadata } = await create('z');
    await store.compact(Number(metadata.resourceVersion));
    keys.splice(0);
    await run();
    expect(keys.sort()).toEqual(['a/x', 'a/y', 'a/z']);
  });

  test('that finds its checkpoint beyond the log, as after a restore, reconciles every key', async () => {
    const { instance, create, state } = await setUp();
    await create('x');
    await instance(noting().reconcile).run();
    state.checkpoint = { ...state.checkpoint!, revision: 1_000_000 };
    const { keys, reconcile } = noting();
    expect(await instance(reconcile).run()).toBe('done');
    expect(keys).toEqual(['a/x']);
    expect(state.checkpoint.revision).toBeLessThan(1_000_000);
  });

  test('of another deployment reconciles every key', async () => {
    const { instance, create } = await setUp();
    await create('x');
    await instance(noting().reconcile).run();
    const { keys, reconcile } = noting();
    await instance(reconcile, {}, 'v2').run();
    expect(keys).toEqual(['a/x']);
  });

  test('reconciles every key once a day while it should, and is woken for it', async () => {
    const { instance, create, clock, resync, wakes } = await setUp();
    resync(true);
    await create('x');
    const { keys, reconcile } = noting();
    const { run } = instance(reconcile);
    await run();
    expect(wakes.sent).toEqual([clock.now() + 900_000]);
    await clock.advance(24 * 3_600_000);
    await run(wakes.due());
    expect(keys).toEqual(['a/x', 'a/x']);
    resync(false);
    await clock.advance(24 * 3_600_000);
    await run(wakes.due());
    expect(keys).toHaveLength(2);
    expect(wakes.isOn).toBe(false);
  });

  test('whose process was killed before the checkpoint is done again by the next', async () => {
    const { instance, create, clock } = await setUp();
    await create('x');
    await instance(noting().reconcile).run();
    await create('y');
    void instance(() => new Promise(() => undefined)).start(10_000);
    await clock.advance(0);
    const { keys, reconcile } = noting();
    const next = instance(reconcile);
    expect(await next.run()).toBe('marked');
    await clock.advance(12_000);
    expect(await next.run()).toBe('done');
    expect(keys).toEqual(['a/y']);
  });

  test('that failed in the midst leaves no key behind', async () => {
    const { instance, create, store } = await setUp();
    await create('x');
    const { keys, reconcile } = noting();
    const { run } = instance(reconcile);
    await run();
    keys.splice(0);
    await create('y');
    const changes = store.changes.bind(store);
    let calls = 0;
    store.changes = (from) => (++calls > 2 ? Promise.reject(new Error('the store is away')) : changes(from));
    await expect(run()).rejects.toThrow('the store is away');
    store.changes = changes;
    keys.splice(0);
    expect(await run()).toBe('done');
    expect(keys).toEqual(['a/y']);
  });
});

describe('a key', () => {
  test('that fails is tried again at once, then ever later by a wake, while others go on', async () => {
    const { instance, create, clock, state, wakes, errors } = await setUp();
    await create('bad');
    await create('good');
    const { keys, reconcile } = noting(async (key, times) => {
      if (key === 'a/bad' && times < 12) throw new Error('not yet');
      return undefined;
    });
    const { run } = instance(reconcile);
    expect(await run()).toBe('done');
    expect(keys.filter((key) => key === 'a/good')).toHaveLength(1);
    const tried = keys.length;
    expect(tried).toBeGreaterThan(5);
    expect(state.checkpoint?.keys).toMatchObject([{ key: 'a/bad', failures: tried - 1 }]);
    expect(wakes.isOn).toBe(true);
    for (let i = 0; i < 20 && state.checkpoint!.keys.length > 0; i++) {
      await clock.advance(wakes.sent[0]! - clock.now());
      await run(wakes.due());
    }
    expect(keys.filter((key) => key === 'a/bad')).toHaveLength(12);
    expect(errors).toHaveLength(11);
    expect([wakes.isOn, wakes.sent]).toEqual([false, []]);
  });

  test('that asks to come again does so, with one wake however often it is reconciled meanwhile', async () => {
    const { instance, create, client, clock, wakes } = await setUp();
    await create('x');
    const { keys, reconcile } = noting(async (_, times) => (times < 5 ? { requeueAfterMs: 60_000 } : undefined));
    const { run } = instance(reconcile);
    await run();
    for (const data of ['1', '2', '3']) {
      await client.patch(configMaps, { namespace: 'a', name: 'x' }, { type: 'merge', body: { data: { data } } });
      await clock.advance(1000);
      await run();
    }
    expect(keys).toHaveLength(4);
    expect(wakes.sent).toHaveLength(1);
    await clock.advance(60_000);
    await run(wakes.due());
    if (wakes.sent.length > 0) {
      await clock.advance(wakes.sent[0]! - clock.now());
      await run(wakes.due());
    }
    expect(keys).toHaveLength(5);
    expect([wakes.isOn, wakes.sent]).toEqual([false, []]);
  });

  test('waits for its slack if that saves a wake', async () => {
    const { instance, create, clock, wakes } = await setUp();
    await create('x');
    await create('y');
    const { keys, reconcile } = noting(async (key, times) => {
      if (times > 1) return undefined;
      return key === 'a/x' ? { requeueAfterMs: 20_000, slackMs: 10_000 } : { requeueAfterMs: 25_000 };
    });
    const { run } = instance(reconcile);
    await run();
    expect(wakes.sent).toEqual([clock.now() + 25_000]);
    await clock.advance(25_000);
    await run(wakes.due());
    expect(keys).toHaveLength(4);
    expect(wakes.sent).toEqual([]);
  });

  test('whose time is further away than a wake is brought there by several', async () => {
    const { instance, create, clock, wakes } = await setUp();
    await create('x');
    const { keys, reconcile } = noting(async (_, times) => (times === 1 ? { requeueAfterMs: 2_000_000 } : undefined));
    const { run } = instance(reconcile);
    await run();
    let hops = 0;
    for (; keys.length === 1; hops++) {
      expect(wakes.sent).toHaveLength(1);
      await clock.advance(wakes.sent[0]! - clock.now());
      await run(wakes.due());
    }
    expect(hops).toBe(3);
    expect(wakes.isOn).toBe(false);
  });

  test('whose wake is lost is found by the next invocation, and its wakes are on again', async () => {
    const { instance, create, clock, wakes } = await setUp();
    await create('x');
    const { keys, reconcile } = noting(async (_, times) => (times < 3 ? { requeueAfterMs: 100_000 } : undefined));
    const { run } = instance(reconcile);
    await run();
    wakes.sent.splice(0);
    wakes.isOn = false;
    await clock.advance(200_000);
    await run();
    expect(keys).toEqual(['a/x', 'a/x']);
    expect(wakes.sent).toHaveLength(1);
    expect(wakes.isOn).toBe(true);
  });

  test('comes due later when its watch says so, or when an uncached resource is touched', async () => {
    const { instance, client, create, clock, wakes, state } = await setUp();
    const { keys, reconcile } = noting();
    const watches = [{ type: configMaps, keys: () => ['later'], delayMs: 30_000 }];
    const { run } = instance(reconcile, { watches, touches: [{ type: secrets, key: 'swept', delayMs: 50_000 }] });
    await run();
    await create('x');
    await client.create(secrets, { metadata: { namespace: 'a', name: 's' } });
    await run();
    expect(keys).toEqual([]);
    expect(state.checkpoint?.keys.map(({ key, dueMs }) => [key, dueMs - clock.now()])).toEqual([
      ['later', 30_000],
      ['swept', 50_000],
    ]);
    for (const wait of [30_000, 20_000]) {
      await clock.advance(wait);
      await run(wakes.due());
    }
    expect(keys).toEqual(['later', 'swept']);
  });
});

describe('one at a time', () => {
  test('who finds another at work leaves a mark, and the other looks again before it lets go', async () => {
    const { instance, create, wakes, state } = await setUp();
    await create('x');
    const second = instance(noting().reconcile);
    const outcomes: string[] = [];
    const { keys, reconcile } = noting(async (key) => {
      if (key !== 'a/x') return undefined;
      await create('y');
      outcomes.push(await second.run());
      return undefined;
    });
    const first = instance(reconcile);
    expect(await first.run()).toBe('done');
    expect(outcomes).toEqual(['marked']);
    expect(keys).toEqual(['a/x', 'a/y']);
    expect(state.marked).toBe(false);
    // Should the first have died somebody would have come when its time was over.
    expect(wakes.sent).toHaveLength(1);
  });

  test('one that hangs until its time is over hands its key on', async () => {
    const { instance, create, clock, state, wakes } = await setUp();
    await create('hangs');
    const slow = instance(() => new Promise(() => undefined));
    expect(await slow.run([], 10_000)).toBe('done');
    expect(state.checkpoint?.keys).toMatchObject([{ key: 'a/hangs' }]);
    expect(wakes.sent[0]).toBeLessThanOrEqual(clock.now());
    const { keys, reconcile } = noting();
    await instance(reconcile).run(wakes.due());
    expect(keys).toEqual(['a/hangs']);
  });

  test('one that was frozen past its time can write nothing, and does not undo what came after it', async () => {
    const { instance, create, clock, client, state } = await setUp();
    await create('x');
    let thaw: () => void = () => undefined;
    const frozenAt = new Promise<void>((resolve) => {
      thaw = resolve;
    });
    const written: unknown[] = [];
    const first: ReturnType<typeof instance> = instance(async () => {
      await frozenAt;
      written.push(
        await first.client.create(secrets, { metadata: { namespace: 'a', name: 's' } }).catch((e) => e.reason),
      );
      return undefined;
    });
    const frozen = first.start(10_000);
    for (let i = 0; i < 50; i++) await clock.advance(0);
    // The clock goes on without its timers: nothing of it runs before it thaws.
    const { keys, reconcile } = noting();
    const later = clock.now() + 60_000;
    jest.spyOn(clock, 'now').mockImplementation(() => later);
    expect(await instance(reconcile).run()).toBe('done');
    expect(keys).toEqual(['a/x']);
    const { checkpoint } = state;
    await create('y');
    thaw();
    await expect(frozen).resolves.toBe('lost');
    expect(written).toEqual(['Timeout']);
    expect(state.checkpoint).toEqual(checkpoint);
    expect((await client.list(secrets)).items).toEqual([]);
    jest.restoreAllMocks();
  });
});
