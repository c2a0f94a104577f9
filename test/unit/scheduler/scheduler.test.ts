import {
  type SchedulerConfiguration,
  schedulerConfiguration,
} from '../../../functions/scheduler/configuration/configuration.ts';
import { createScheduler } from '../../../functions/scheduler/scheduler.ts';
import { createCaches } from '../../../lib/client/cache.ts';
import { createClient } from '../../../lib/client/create-client.ts';
import { runControllers } from '../../../lib/client/driver.ts';
import { events, nodes, pods } from '../../../lib/client/resource-type.ts';
import { node, type PodOptions, pod } from '../../builders/objects.ts';
import { fakeApiserver } from '../../fakes/apiserver.ts';
import { fakeClock, settle } from '../../fakes/clock.ts';
import { seededRandom } from '../../fakes/random.ts';

function setUp(configuration?: SchedulerConfiguration) {
  const clock = fakeClock();
  const random = seededRandom(1);
  const client = createClient(fakeApiserver(clock.now).fetch, { userAgent: 'test' });
  const caches = createCaches(client, { clock, random });
  const errors: unknown[] = [];
  const signal = AbortSignal.any([]);
  const scheduler = createScheduler({ caches, client, clock, random, ...(configuration && { configuration }) });
  void runControllers([scheduler], caches, { clock, random, signal, onError: (error) => errors.push(error) });
  caches.start(signal);
  const settled = async () => {
    for (let i = 0; i < 60; i++) await settle();
  };
  const add = (options: PodOptions) => {
    const { metadata, ...rest } = pod(options);
    return client.create(pods, {
      ...rest,
      metadata: { name: metadata.name, namespace: 'default', labels: metadata.labels },
    });
  };
  const addNode = (name: string, allocatable = {}) => {
    const { metadata, ...rest } = node({ name, allocatable });
    return client.create(nodes, { ...rest, metadata: { name, labels: metadata.labels } });
  };
  const nodeOf = async (name: string) => (await client.get(pods, { namespace: 'default', name })).spec?.nodeName;
  return { client, clock, settled, add, addNode, nodeOf, errors };
}

describe('scheduler', () => {
  test('a pod is bound, and an Event says so', async () => {
    const { client, settled, add, addNode, nodeOf, errors } = setUp();
    await addNode('n1');
    await add({ name: 'p' });
    await settled();
    expect(await nodeOf('p')).toBe('n1');
    const { items } = await client.list(events, { namespace: 'default' });
    expect(items.map((e) => [e.reason, e.message])).toEqual([['Scheduled', 'Successfully assigned default/p to n1']]);
    expect(errors).toEqual([]);
  });

  test('each profile serves the pods that name it, in its own name; a pod that names none of them waits', async () => {
    const { client, settled, add, addNode, nodeOf } = setUp(
      schedulerConfiguration({
        apiVersion: 'kubescheduler.config.k8s.io/v1',
        kind: 'KubeSchedulerConfiguration',
        profiles: [{ schedulerName: 'default-scheduler' }, { schedulerName: 'packing' }],
      }),
    );
    await addNode('n1');
    await add({ name: 'usual' });
    await add({ name: 'packed', spec: { schedulerName: 'packing' } });
    await add({ name: 'stray', spec: { schedulerName: 'other' } });
    await settled();
    expect([await nodeOf('usual'), await nodeOf('packed'), await nodeOf('stray')]).toEqual(['n1', 'n1', undefined]);
    const { items } = await client.list(events, { namespace: 'default' });
    const sources = items.map(({ involvedObject, source }) => [involvedObject.name, source?.component]);
    expect(sources.sort()).toEqual([
      ['packed', 'packing'],
      ['usual', 'default-scheduler'],
    ]);
  });

  test('a pod that fits nowhere says why, and is placed when a node comes', async () => {
    const { client, clock, settled, add, addNode, nodeOf } = setUp();
    await addNode('n1', { cpu: '1' });
    await add({ name: 'p', requests: { cpu: '2' } });
    await settled();
    const waiting = await client.get(pods, { namespace: 'default', name: 'p' });
    expect(waiting.status?.conditions).toMatchObject([
      {
        type: 'PodScheduled',
        status: 'False',
        reason: 'Unschedulable',
        message:
          '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
      },
    ]);
    await addNode('n2');
    await settled();
    await clock.advance(2000);
    await settled();
    expect(await nodeOf('p')).toBe('n2');
  });

  test('room made by a deleted pod is used', async () => {
    const { client, clock, settled, add, addNode, nodeOf } = setUp();
    await addNode('n1', { pods: '1' });
    await add({ name: 'p' });
    await settled();
    await add({ name: 'q' });
    await settled();
    expect(await nodeOf('q')).toBeUndefined();
    await client.delete(pods, { namespace: 'default', name: 'p' }, { gracePeriodSeconds: 0 });
    await settled();
    await clock.advance(2000);
    await settled();
    expect(await nodeOf('q')).toBe('n1');
  });

  test('the more important pod goes first', async () => {
    const { settled, add, addNode, nodeOf, clock } = setUp();
    await add({ name: 'low', spec: { priority: 0 } });
    await add({ name: 'high', spec: { priority: 10 } });
    await settled();
    await addNode('n1', { pods: '1' });
    await settled();
    await clock.advance(2000);
    await settled();
    expect(await nodeOf('high')).toBe('n1');
    expect(await nodeOf('low')).toBeUndefined();
  });

  test('a more important pod makes room, and takes it', async () => {
    const { client, settled, add, addNode, nodeOf, clock } = setUp();
    await addNode('n1', { cpu: '1' });
    await add({ name: 'low', requests: { cpu: '1' }, spec: { priority: 0 } });
    await settled();
    await add({ name: 'high', requests: { cpu: '1' }, spec: { priority: 10 } });
    await settled();
    const low = await client.get(pods, { namespace: 'default', name: 'low' });
    expect(low.metadata.deletionTimestamp).toBeDefined();
    expect(low.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', reason: 'PreemptionByScheduler' }),
    );
    expect((await client.get(pods, { namespace: 'default', name: 'high' })).status?.nominatedNodeName).toBe('n1');
    await client.delete(pods, { namespace: 'default', name: 'low' }, { gracePeriodSeconds: 0 });
    await settled();
    await clock.advance(2000);
    await settled();
    expect(await nodeOf('high')).toBe('n1');
  });

  test("another scheduler's pods and gated pods are left alone", async () => {
    const { settled, add, addNode, nodeOf } = setUp();
    await addNode('n1');
    await add({ name: 'other', spec: { schedulerName: 'mine' } });
    await add({ name: 'gated', spec: { schedulingGates: [{ name: 'wait' }] } });
    await settled();
    expect(await nodeOf('other')).toBeUndefined();
    expect(await nodeOf('gated')).toBeUndefined();
  });
});
