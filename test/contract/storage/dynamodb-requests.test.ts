import type { Store } from '../../../lib/storage/contract.ts';
import { inRequest, viewOf } from '../../../lib/storage/view.ts';
import { dynamoBackends, type OpenedDynamo } from './dynamodb-backend.ts';
import { create, keys, remove, update, value } from './writes.ts';

const backends = dynamoBackends();

/** Requests are what a cluster on AWS is billed for. */
(backends.length > 0 ? describe : describe.skip).each(backends)('what $name is asked for', (backend) => {
  let opened: OpenedDynamo;
  let store: Store;
  beforeEach(async () => {
    opened = await backend.open();
    store = opened.store;
    for (const type of ['pods', 'namespaces', 'roles']) await keys(store, `${type}/`);
    await create(store, 'pods/a/0');
    opened.meter.take();
  });
  afterEach(() => opened.dispose());

  const requests = () => Object.fromEntries([...opened.meter.take()].map(([name, usage]) => [name, usage.requests]));

  test('a read of a type that is loaded looks at the counter', async () => {
    await store.get('pods/a/0');
    expect(requests()).toEqual({ GetItem: 1 });
    await store.list('pods/');
    expect(requests()).toEqual({ GetItem: 1 });
  });

  test('all that a request looks at takes one look at the counter', async () => {
    await inRequest(store, async () => {
      const view = viewOf(store);
      for (let i = 0; i < 5; i++) await view.get('namespaces/a');
      await view.list('roles/');
      await view.list('pods/a/');
      await view.revision('pods/');
    });
    expect(requests()).toEqual({ GetItem: 1 });
  });

  test('a request sees what it has written itself, and what others wrote before it', async () => {
    const other = await opened.beside();
    await create(other, 'pods/a/1');
    await inRequest(store, async () => {
      const view = viewOf(store);
      expect((await view.list('pods/')).items).toHaveLength(2);
      await create(other, 'pods/a/2');
      await create(store, 'pods/a/3');
      expect((await view.list('pods/')).items).toHaveLength(4);
    });
    expect((await viewOf(store).list('pods/')).items).toHaveLength(4);
  });

  test('a create, an update and a delete take a revision and a transaction', async () => {
    const item = await create(store, 'pods/a/1');
    expect(requests()).toEqual({ UpdateItem: 1, TransactWriteItems: 1 });
    const changed = await update(store, item);
    expect(requests()).toEqual({ UpdateItem: 1, TransactWriteItems: 1 });
    await remove(store, changed);
    expect(requests()).toEqual({ UpdateItem: 1, TransactWriteItems: 1 });
  });

  test('what this process has written is not read back', async () => {
    await create(store, 'pods/a/1');
    requests();
    await store.list('pods/');
    expect(requests()).toEqual({ GetItem: 1 });
  });

  test('what others have written, of whatever types, comes with one query of the log', async () => {
    const other = await opened.beside();
    await other.commit([
      { op: 'create', key: 'pods/a/1', value: value('p') },
      { op: 'create', key: 'roles/a/1', value: value('r') },
    ]);
    await create(other, 'namespaces/b');
    opened.meter.take();
    expect(await keys(store, 'pods/')).toHaveLength(2);
    expect(requests()).toEqual({ GetItem: 1, Query: 1 });
    expect(await keys(store, 'roles/')).toHaveLength(1);
    expect(requests()).toEqual({ GetItem: 1 });
  });

  test('reads at the same time share their looks', async () => {
    await Promise.all(Array.from({ length: 20 }, () => store.get('pods/a/0')));
    expect(requests()['GetItem']).toBeLessThanOrEqual(2);
  });

  test('a first key of a type is read alone; from the third on the type is loaded', async () => {
    const other = await opened.beside();
    await other.get('secrets/a/x');
    requests();
    await other.get('secrets/a/x');
    expect(requests()).toEqual({ GetItem: 2 });
    await other.get('secrets/a/x');
    expect(requests()).toEqual({ GetItem: 2, Query: 1 });
    await other.get('secrets/a/x');
    expect(requests()).toEqual({ GetItem: 1 });
  });

  test('an idle store asks nothing, and a watched one looks once in a while', async () => {
    await opened.clock.advance(3_600_000);
    expect(requests()).toEqual({});
    const abort = new AbortController();
    const next = store
      .watch('pods/', { from: await store.revision('pods/'), signal: abort.signal })
      [Symbol.asyncIterator]()
      .next();
    requests();
    for (let i = 0; i < 20; i++) await opened.clock.advance(1_000);
    abort.abort();
    await next;
    await opened.clock.advance(3_600_000);
    expect(requests()['GetItem']).toBeLessThanOrEqual(25);
    await opened.clock.advance(3_600_000);
    expect(requests()).toEqual({});
  });
});
