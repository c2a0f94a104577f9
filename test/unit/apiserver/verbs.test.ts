import { realApiserver, type TestApiserver } from '../../fakes/real-apiserver.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const MERGE = { 'content-type': 'application/merge-patch+json' };
const configMap = (name: string, meta = {}) => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name, ...meta },
  data: { a: 'b' },
});

let server: TestApiserver;
beforeEach(async () => {
  server = await realApiserver();
});

describe('create', () => {
  test('fills what the server owns and drops what a client may not set', async () => {
    const given = configMap('one', { uid: 'mine', creationTimestamp: '2000-01-01T00:00:00Z', generation: 7 });
    const { status, body } = await server.send('POST', maps, given);
    expect(status).toBe(201);
    expect(body.metadata).toMatchObject({
      name: 'one',
      namespace: 'default',
      creationTimestamp: '2026-01-01T00:00:00Z',
    });
    expect(body.metadata.uid).not.toBe('mine');
    expect(body.metadata.generation).toBeUndefined();
    expect(Number(body.metadata.resourceVersion)).toBeGreaterThan(0);
  });

  test('makes a name from generateName, another one when it is taken', async () => {
    const suffixes = ['aaaaa', 'aaaaa', 'bbbbb'];
    const random = { next: () => 0, uuid: () => 'u', suffix: () => suffixes.shift()! };
    server = await realApiserver({ random });
    const names = [];
    for (let i = 0; i < 2; i++) {
      const { body } = await server.send('POST', maps, { metadata: { generateName: 'x-' } });
      names.push(body.metadata.name);
    }
    expect(names).toEqual(['x-aaaaa', 'x-bbbbb']);
  });

  test('dry run stores nothing, and still finds a taken name', async () => {
    const dry = await server.send('POST', `${maps}?dryRun=All`, configMap('one'));
    expect(dry.status).toBe(201);
    expect(dry.body.metadata.resourceVersion).toBeUndefined();
    expect((await server.send('GET', `${maps}/one`)).status).toBe(404);
    await server.send('POST', maps, configMap('one'));
    expect((await server.send('POST', `${maps}?dryRun=All`, configMap('one'))).status).toBe(409);
  });

  test('an unknown field is dropped with a warning', async () => {
    const { headers, body } = await server.send('POST', maps, configMap('one', { foo: 1 }));
    expect(headers.get('warning')).toBe('299 - "unknown field \\"metadata.foo\\""');
    expect(body.metadata.foo).toBeUndefined();
  });

  test('YAML is as good as JSON', async () => {
    const yaml = 'kind: ConfigMap\nmetadata:\n  name: one\ndata:\n  a: "1"\n';
    const { status, body } = await server.send('POST', maps, yaml, { 'content-type': 'application/yaml' });
    expect([status, body.data]).toEqual([201, { a: '1' }]);
  });
});

describe('update', () => {
  test('without a resourceVersion it is unconditional; without a change it writes nothing', async () => {
    const { body: first } = await server.send('POST', maps, configMap('one'));
    const { body: same } = await server.send('PUT', `${maps}/one`, configMap('one'));
    expect(same.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    const { body: changed } = await server.send('PUT', `${maps}/one`, { ...configMap('one'), data: { c: 'd' } });
    expect(changed.data).toEqual({ c: 'd' });
    expect(Number(changed.metadata.resourceVersion)).toBeGreaterThan(Number(first.metadata.resourceVersion));
  });

  test('keeps what the server owns', async () => {
    const { body: first } = await server.send('POST', maps, configMap('one'));
    const wanted = configMap('one', { creationTimestamp: '2000-01-01T00:00:00Z', labels: { a: 'b' } });
    const { body } = await server.send('PUT', `${maps}/one`, wanted);
    const { uid, creationTimestamp } = first.metadata;
    expect(body.metadata).toMatchObject({ uid, creationTimestamp, labels: { a: 'b' } });
  });
});

describe('patch', () => {
  test.each([
    ['merge', MERGE, { data: { a: null, b: 'c' } }],
    ['strategic', { 'content-type': 'application/strategic-merge-patch+json' }, { data: { a: null, b: 'c' } }],
    [
      'JSON',
      { 'content-type': 'application/json-patch+json' },
      [
        { op: 'remove', path: '/data/a' },
        { op: 'add', path: '/data/b', value: 'c' },
      ],
    ],
  ])('%s', async (_name, headers, body) => {
    await server.send('POST', maps, configMap('one'));
    const answer = await server.send('PATCH', `${maps}/one`, body, headers);
    expect([answer.status, answer.body.data]).toEqual([200, { b: 'c' }]);
  });

  test('concurrent patches all land', async () => {
    await server.send('POST', maps, configMap('one'));
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    await Promise.all(keys.map((key) => server.send('PATCH', `${maps}/one`, { data: { [key]: 'x' } }, MERGE)));
    const { body } = await server.send('GET', `${maps}/one`);
    expect(Object.keys(body.data).sort()).toEqual(['a', ...keys].sort());
  });
});

describe('delete', () => {
  test('answers with a Status that names what is gone', async () => {
    const { body: made } = await server.send('POST', maps, configMap('one'));
    const { body } = await server.send('DELETE', `${maps}/one`);
    const details = { name: 'one', kind: 'configmaps', uid: made.metadata.uid };
    expect(body).toEqual({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
    expect((await server.send('GET', `${maps}/one`)).status).toBe(404);
  });

  test('waits for finalizers, and ends with the last of them', async () => {
    await server.send('POST', maps, configMap('one', { finalizers: ['example.com/x'] }));
    const { body: marked } = await server.send('DELETE', `${maps}/one`);
    expect(marked.metadata).toMatchObject({ deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 });
    const again = await server.send('POST', maps, configMap('one'));
    expect(again.body.message).toBe('object is being deleted: configmaps "one" already exists');
    const patch = { metadata: { finalizers: null } };
    expect((await server.send('PATCH', `${maps}/one`, patch, MERGE)).status).toBe(200);
    expect((await server.send('GET', `${maps}/one`)).status).toBe(404);
  });

  test.each([
    ['Orphan', ['orphan']],
    ['Foreground', ['foregroundDeletion']],
  ])('%s is told to the garbage collector by a finalizer', async (policy, finalizers) => {
    await server.send('POST', maps, configMap('one'));
    const { body } = await server.send('DELETE', `${maps}/one?propagationPolicy=${policy}`);
    expect(body.metadata.finalizers).toEqual(finalizers);
  });

  test('deletecollection takes what is selected', async () => {
    for (const name of ['a', 'b', 'c']) {
      await server.send('POST', maps, configMap(name, { labels: { keep: String(name === 'c') } }));
    }
    const { body } = await server.send('DELETE', `${maps}?labelSelector=keep%3Dfalse`);
    expect(body.items.map((item: any) => item.metadata.name)).toEqual(['a', 'b']);
    const { body: left } = await server.send('GET', maps);
    expect(left.items.map((item: any) => item.metadata.name)).toEqual(['c']);
  });

  test('a namespace stays Terminating until it is finalized', async () => {
    await server.send('POST', '/api/v1/namespaces', { metadata: { name: 'gone' } });
    const { body } = await server.send('DELETE', '/api/v1/namespaces/gone');
    expect(body.status.phase).toBe('Terminating');
    await server.send('PUT', '/api/v1/namespaces/gone/finalize', { metadata: { name: 'gone' }, spec: {} });
    expect((await server.send('GET', '/api/v1/namespaces/gone')).status).toBe(404);
  });
});

describe('list', () => {
  beforeEach(async () => {
    for (const name of ['a', 'b', 'c', 'd']) {
      await server.send('POST', maps, configMap(name, { labels: { odd: String('ac'.includes(name)) } }));
    }
  });
  const names = (body: any) => body.items.map((item: any) => item.metadata.name);

  test('shows items without kind and apiVersion', async () => {
    const { body } = await server.send('GET', maps);
    expect(body).toMatchObject({ kind: 'ConfigMapList', apiVersion: 'v1' });
    expect(body.items[0].kind).toBeUndefined();
    expect(names(body)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('pages go on at the revision of the first', async () => {
    const { body: first } = await server.send('GET', `${maps}?limit=2`);
    expect(first.metadata.remainingItemCount).toBe(2);
    await server.send('DELETE', `${maps}/c`);
    const { body: second } = await server.send('GET', `${maps}?limit=2&continue=${first.metadata.continue}`);
    expect(names(first).concat(names(second))).toEqual(['a', 'b', 'c', 'd']);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  test('a limit counts what is selected', async () => {
    const { body: first } = await server.send('GET', `${maps}?limit=1&labelSelector=odd%3Dtrue`);
    const { body: second } = await server.send(
      'GET',
      `${maps}?limit=1&labelSelector=odd%3Dtrue&continue=${first.metadata.continue}`,
    );
    expect([names(first), names(second)]).toEqual([['a'], ['c']]);
    expect(first.metadata.remainingItemCount).toBeUndefined();
  });

  test.each([
    ['labelSelector=odd%3Dtrue', ['a', 'c']],
    ['labelSelector=odd%20notin%20(true)', ['b', 'd']],
    ['fieldSelector=metadata.name%3Db', ['b']],
    ['fieldSelector=metadata.name!%3Db', ['a', 'c', 'd']],
  ])('%s', async (query, expected) => {
    expect(names((await server.send('GET', `${maps}?${query}`)).body)).toEqual(expected);
  });

  test('Exact shows the state as it was', async () => {
    const { body: before } = await server.send('GET', maps);
    await server.send('DELETE', `${maps}/a`);
    const query = `resourceVersionMatch=Exact&resourceVersion=${before.metadata.resourceVersion}`;
    expect(names((await server.send('GET', `${maps}?${query}`)).body)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('metadata alone, and a Table', async () => {
    const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
    const { body: partial } = await server.send('GET', maps, undefined, { accept });
    expect(partial.kind).toBe('PartialObjectMetadataList');
    expect(partial.items[0].data).toBeUndefined();
    const { body: table } = await server.send('GET', `${maps}?includeObject=None`, undefined, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    });
    expect(table.rows.map((row: any) => row.cells[0])).toEqual(['a', 'b', 'c', 'd']);
  });

  test('a Table asked for again shows later ages and what changed', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const rows = async () => (await server.send('GET', maps, undefined, { accept })).body.rows;
    const before = await rows();
    expect(before[0]).toMatchObject({ cells: ['a', 1, '0s'], object: { kind: 'PartialObjectMetadata' } });
    await server.clock.advance(90_000);
    await server.send('PATCH', `${maps}/b`, { data: { more: 'c' } }, MERGE);
    const after = await rows();
    expect(after.slice(0, 2).map((row: any) => row.cells)).toEqual([
      ['a', 1, '90s'],
      ['b', 2, '90s'],
    ]);
    expect(after[0].object).toEqual(before[0].object);
  });
});
