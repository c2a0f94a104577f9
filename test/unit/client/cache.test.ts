import { createCaches } from '../../../lib/client/cache.ts';
import { createClient } from '../../../lib/client/create-client.ts';
import { configMaps, metadataOf, pods } from '../../../lib/client/resource-type.ts';
import { fakeApiserver } from '../../fakes/apiserver.ts';
import { fakeClock, settle } from '../../fakes/clock.ts';
import { seededRandom } from '../../fakes/random.ts';

function setUp() {
  const api = fakeApiserver();
  const client = createClient(api.fetch, { userAgent: 'test' });
  const clock = fakeClock();
  const errors: unknown[] = [];
  const caches = createCaches(client, { clock, random: seededRandom(1), onError: (error) => errors.push(error) });
  const abort = new AbortController();
  return { api, client, clock, caches, abort, errors, signal: abort.signal };
}

const settled = async () => {
  for (let i = 0; i < 20; i++) await settle();
};
const configMap = (name: string, data: Record<string, string> = {}) => ({ metadata: { namespace: 'a', name }, data });

describe('cache', () => {
  test('holds what was there before and what comes after', async () => {
    const { client, caches, abort, signal } = setUp();
    await client.create(configMaps, configMap('before'));
    const cache = caches.cache(configMaps);
    caches.start(signal);
    await caches.synced(signal);
    await client.create(configMaps, configMap('after'));
    await settled();
    expect(cache.list('a').map((c) => c.metadata.name)).toEqual(['before', 'after']);
    await client.delete(configMaps, { namespace: 'a', name: 'before' });
    await settled();
    expect(cache.get('a/before')).toBeUndefined();
    abort.abort();
  });

  test('resumes after a lost connection without telling anything twice', async () => {
    const { api, client, clock, caches, abort, signal } = setUp();
    const told: (string | undefined)[] = [];
    caches.subscribe(configMaps, (object) => told.push(object?.metadata.name));
    caches.start(signal);
    await caches.synced(signal);
    await client.create(configMaps, configMap('one'));
    await settled();
    api.disconnect();
    await client.create(configMaps, configMap('two'));
    await settled();
    await clock.advance(1000);
    await settled();
    expect(told).toEqual(['one', 'two']);
    abort.abort();
  });

  test('lists again after 410 and tells what went away meanwhile', async () => {
    const { api, client, clock, caches, abort, signal, errors } = setUp();
    await client.create(configMaps, configMap('gone'));
    const told: string[] = [];
    caches.subscribe(configMaps, (object, previous) => told.push(object ? '+' : `-${previous?.metadata.name}`));
    caches.start(signal);
    await caches.synced(signal);
    await settled();
    api.disconnect();
    await client.delete(configMaps, { namespace: 'a', name: 'gone' });
    api.compact();
    await settled();
    await clock.advance(60_000);
    await settled();
    expect(told).toEqual(['+', '-gone']);
    expect(errors).toEqual([]);
    abort.abort();
  });

  test('finds objects by namespace, controller and custom index, and forgets them when they change', async () => {
    const { client, caches, abort, signal } = setUp();
    const cache = caches.cache(pods);
    cache.addIndex('node', (pod) => [pod.spec?.nodeName ?? '']);
    const controller = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'r-uid', controller: true };
    caches.start(signal);
    await caches.synced(signal);
    const pod = await client.create(pods, {
      metadata: { namespace: 'a', name: 'p', ownerReferences: [controller] },
      spec: { nodeName: 'n1', containers: [] },
    });
    await settled();
    expect(cache.ownedBy('r-uid')).toHaveLength(1);
    expect(cache.byIndex('node', 'n1')).toHaveLength(1);
    await client.update(pods, { ...pod, spec: { nodeName: 'n2', containers: [] } });
    await settled();
    expect(cache.byIndex('node', 'n1')).toEqual([]);
    expect(cache.byIndex('node', 'n2')).toHaveLength(1);
    expect(cache.list('b')).toEqual([]);
    abort.abort();
  });

  test('one cache serves everyone, whole if anyone wants it whole', () => {
    const { caches } = setUp();
    const partial = caches.cache(metadataOf(configMaps));
    expect(caches.cache(configMaps)).toBe(partial);
    expect(partial.type.partial).toBeUndefined();
  });
});
