import { storeLog } from '../../../bin/compose/log-reader.ts';
import { createDispatcher, type Dispatcher } from '../../../functions/dispatcher/dispatcher.ts';
import { FOLLOWS_ANNOTATION, QUEUE_ANNOTATION } from '../../../lib/api/annotations.ts';
import { createClient } from '../../../lib/client/create-client.ts';
import { inProcess } from '../../../lib/client/in-process.ts';
import { decodeNotice } from '../../../lib/client/notices.ts';
import {
  configMaps,
  endpointSlices,
  leases,
  nodes,
  pods,
  secrets,
  services,
} from '../../../lib/client/resource-type.ts';
import { ADMIN, realApiserver } from '../../fakes/real-apiserver.ts';

async function setUp() {
  const { apiserver, store } = await realApiserver();
  const client = createClient(inProcess(apiserver.fetch, ADMIN), { userAgent: 'test' });
  const queues = new Map<string, string[]>();
  const gone = new Set<string>();
  const failing = new Set<string>();
  let told: number | undefined;
  const make = (): Dispatcher =>
    createDispatcher({
      log: storeLog(store),
      checkpoint: {
        read: async () => told,
        raise: async (revision) => {
          told = Math.max(told ?? 0, revision);
        },
      },
      async send(url, body) {
        if (failing.has(url)) throw new Error('SQS is away');
        if (gone.has(url)) return false;
        const { resources = [] } = decodeNotice(body) ?? {};
        queues.set(url, [...(queues.get(url) ?? []), [...resources].sort().join(' ')]);
        return true;
      },
    });
  const addNode = (name: string, follows?: string) =>
    client.create(nodes, {
      metadata: { name, annotations: { [QUEUE_ANNOTATION]: name, ...(follows && { [FOLLOWS_ANNOTATION]: follows }) } },
    });
  const addPod = (name: string, nodeName: string, more: object = {}) =>
    client.create(pods, {
      metadata: { namespace: 'a', name },
      spec: { nodeName, containers: [{ name: 'c', image: 'i' }], ...more },
    });
  return {
    client,
    store,
    make,
    addNode,
    addPod,
    gone,
    failing,
    /** What has come to each node since the last time. */
    taken() {
      const taken = Object.fromEntries(queues);
      queues.clear();
      return taken;
    },
  };
}

/** A cluster of two nodes that the dispatcher has seen. */
async function twoNodes(follows?: string) {
  const set = await setUp();
  await set.addNode('n1');
  await set.addNode('n2', follows);
  const dispatcher = set.make();
  await dispatcher.run();
  set.taken();
  return { ...set, dispatcher };
}

describe('the dispatcher tells', () => {
  test('a node of its own pods, old and new, in one notice for all that moved', async () => {
    const { dispatcher, client, addPod, taken } = await twoNodes();
    await addPod('p', 'n1');
    await addPod('q', 'n1');
    await client.create(services, { metadata: { namespace: 'a', name: 's' }, spec: { ports: [{ port: 80 }] } });
    await dispatcher.run();
    expect(taken()).toEqual({ n1: ['pods services'], n2: ['services'] });
    await client.delete(pods, { namespace: 'a', name: 'p' }, { gracePeriodSeconds: 0 });
    await dispatcher.run();
    expect(taken()).toEqual({ n1: ['pods'] });
  });

  test('every node of services and their endpoints', async () => {
    const { dispatcher, client, taken } = await twoNodes();
    await client.create(endpointSlices, {
      metadata: { namespace: 'a', name: 's' },
      addressType: 'IPv4',
      endpoints: [],
    });
    await dispatcher.run();
    expect(taken()).toEqual({ n1: ['endpointslices.discovery.k8s.io'], n2: ['endpointslices.discovery.k8s.io'] });
  });

  test('a node of what its pods use, as long as they are there', async () => {
    const { dispatcher, client, addPod, taken } = await twoNodes();
    await client.create(secrets, { metadata: { namespace: 'a', name: 's' } });
    await client.create(secrets, { metadata: { namespace: 'b', name: 's' } });
    await addPod('p', 'n1', { volumes: [{ name: 'v', secret: { secretName: 's' } }] });
    await dispatcher.run();
    taken();
    const change = async (namespace: string, data: string) => {
      const body = { stringData: { data } };
      await client.patch(secrets, { namespace, name: 's' }, { type: 'merge', body });
      await dispatcher.run();
      return taken();
    };
    expect(await change('b', '1')).toEqual({});
    expect(await change('a', '1')).toEqual({ n1: ['secrets'] });
    await client.delete(pods, { namespace: 'a', name: 'p' }, { gracePeriodSeconds: 0 });
    await dispatcher.run();
    taken();
    expect(await change('a', '2')).toEqual({});
  });

  test('a node of resources that it follows, and of its own Node', async () => {
    const { dispatcher, client, taken, addPod } = await twoNodes('configmaps,pods');
    await client.create(configMaps, { metadata: { namespace: 'a', name: 'c' } });
    await addPod('p', 'n1');
    await dispatcher.run();
    expect(taken()).toEqual({ n1: ['pods'], n2: ['configmaps pods'] });
    const body = { metadata: { annotations: { [FOLLOWS_ANNOTATION]: null } } };
    await client.patch(nodes, { name: 'n2' }, { type: 'merge', body });
    await dispatcher.run();
    expect(taken()).toEqual({ n2: ['nodes'] });
    await client.create(configMaps, { metadata: { namespace: 'a', name: 'd' } });
    await dispatcher.run();
    expect(taken()).toEqual({});
  });

  test('nobody of heartbeats', async () => {
    const { dispatcher, client, taken } = await twoNodes();
    await client.create(leases, { metadata: { namespace: 'kube-node-lease', name: 'n1' }, spec: {} });
    await dispatcher.run();
    expect(taken()).toEqual({});
  });
});

describe('no notice is lost', () => {
  test('when a fresh process goes on', async () => {
    const { make, addPod, taken } = await twoNodes();
    await addPod('p', 'n1');
    await make().run();
    expect(taken()).toEqual({ n1: ['pods'] });
    await make().run();
    expect(taken()).toEqual({});
  });

  test('when one could not be sent: all are told again', async () => {
    const { dispatcher, addPod, taken, failing } = await twoNodes();
    await addPod('p', 'n1');
    failing.add('n1');
    await expect(dispatcher.run()).rejects.toThrow('SQS is away');
    failing.clear();
    await dispatcher.run();
    expect(taken()).toEqual({ n1: ['pods'] });
  });

  test('when a queue is gone: the others are told', async () => {
    const { dispatcher, client, taken, gone } = await twoNodes();
    gone.add('n1');
    await client.create(services, { metadata: { namespace: 'a', name: 's' }, spec: { ports: [{ port: 80 }] } });
    await dispatcher.run();
    expect(taken()).toEqual({ n2: ['services'] });
  });

  test('when the log no longer reaches back: every node looks at everything', async () => {
    const { dispatcher, store, addPod, taken } = await twoNodes();
    await addPod('p', 'n1');
    const { metadata } = await addPod('q', 'n1');
    await store.compact(Number(metadata.resourceVersion));
    await dispatcher.run();
    expect(taken()).toEqual({ n1: ['*'], n2: ['*'] });
    await addPod('r', 'n2');
    await dispatcher.run();
    expect(taken()).toEqual({ n2: ['pods'] });
  });
});
