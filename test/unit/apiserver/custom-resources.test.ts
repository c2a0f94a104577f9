import { realApiserver, type TestApiserver } from '../../fakes/real-apiserver.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const tabs = '/apis/stable.example.com/v1/namespaces/default/crontabs';
const MERGE = { 'content-type': 'application/merge-patch+json' };
const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };

const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['cronSpec'],
      properties: {
        cronSpec: { type: 'string', pattern: '^[*0-9 ]+$' },
        image: { type: 'string', default: 'busybox' },
        replicas: { type: 'integer', minimum: 1, maximum: 10 },
        mode: { type: 'string', enum: ['fast', 'slow'] },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
    status: { type: 'object', properties: { replicas: { type: 'integer' }, selector: { type: 'string' } } },
  },
};

const version = (name: string, storage: boolean, more = {}) => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: schema },
  subresources: {
    status: {},
    scale: {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.replicas',
      labelSelectorPath: '.status.selector',
    },
  },
  additionalPrinterColumns: [{ name: 'Spec', type: 'string', jsonPath: '.spec.cronSpec' }],
  ...more,
});

const definition = (versions: object[]) => ({
  metadata: { name: 'crontabs.stable.example.com' },
  spec: {
    group: 'stable.example.com',
    scope: 'Namespaced',
    names: { plural: 'crontabs', singular: 'crontab', kind: 'CronTab', shortNames: ['ct'] },
    versions,
  },
});

const cronTab = (name: string, spec: object = {}, more: object = {}) => ({
  apiVersion: 'stable.example.com/v1',
  kind: 'CronTab',
  metadata: { name },
  spec: { cronSpec: '* *', ...spec },
  ...more,
});

let server: TestApiserver;
beforeEach(async () => {
  server = await realApiserver();
  const { status } = await server.send('POST', definitions, definition([version('v1', true)]));
  expect(status).toBe(201);
});

describe('a definition', () => {
  test('makes its resource known to discovery and OpenAPI', async () => {
    const { body: list } = await server.send('GET', '/apis/stable.example.com/v1');
    expect(list.resources.map(({ name }: any) => name)).toEqual(['crontabs', 'crontabs/status', 'crontabs/scale']);
    const { body: openapi } = await server.send('GET', '/openapi/v3/apis/stable.example.com/v1');
    const { properties } = openapi.components.schemas['com.example.stable.v1.CronTab'];
    expect(Object.keys(properties)).toEqual(['apiVersion', 'kind', 'spec', 'status', 'metadata']);
  });

  test('takes its objects with it', async () => {
    await server.send('POST', tabs, cronTab('a'));
    expect((await server.send('DELETE', `${definitions}/crontabs.stable.example.com`)).status).toBe(200);
    expect((await server.send('GET', tabs)).status).toBe(404);
    await server.send('POST', definitions, definition([version('v1', true)]));
    expect((await server.send('GET', tabs)).body.items).toEqual([]);
  });

  test('waits for objects that have finalizers', async () => {
    await server.send('POST', tabs, { ...cronTab('a'), metadata: { name: 'a', finalizers: ['example.com/x'] } });
    const { body } = await server.send('DELETE', `${definitions}/crontabs.stable.example.com`);
    expect(body.metadata.deletionTimestamp).toBeDefined();
    await server.send('PATCH', `${tabs}/a`, { metadata: { finalizers: [] } }, MERGE);
    expect((await server.send('GET', `${definitions}/crontabs.stable.example.com`)).status).toBe(404);
  });
});

describe('a custom resource', () => {
  test('is defaulted, pruned and counted', async () => {
    const given = cronTab('a', { unknown: 1, free: { any: { thing: true } } }, { status: { replicas: 5 } });
    const { body, headers } = await server.send('POST', tabs, given);
    expect(body.spec).toEqual({ cronSpec: '* *', image: 'busybox', free: { any: { thing: true } } });
    expect(body.status).toBeUndefined();
    expect(body.metadata.generation).toBe(1);
    expect(headers.get('warning')).toBe('299 - "unknown field \\"spec.unknown\\""');
    const { body: changed } = await server.send('PATCH', `${tabs}/a`, { spec: { replicas: 3 } }, MERGE);
    expect(changed.metadata.generation).toBe(2);
  });

  test.each([
    [
      { cronSpec: 5 },
      'spec.cronSpec: Invalid value: "integer": spec.cronSpec in body must be of type string: "integer"',
    ],
    [{ cronSpec: 'x' }, `spec.cronSpec: Invalid value: "x": spec.cronSpec in body should match '^[*0-9 ]+$'`],
    [{ cronSpec: undefined }, 'spec.cronSpec: Required value'],
    [{ replicas: 0 }, 'spec.replicas: Invalid value: 0: spec.replicas in body should be greater than or equal to 1'],
    [{ mode: 'x' }, 'spec.mode: Unsupported value: "x": supported values: "fast", "slow"'],
  ])('that does not fit is refused: %j', async (spec, message) => {
    const { status, body } = await server.send('POST', tabs, cronTab('a', spec));
    expect([status, body.message]).toEqual([422, `CronTab.stable.example.com "a" is invalid: ${message}`]);
  });

  test('keeps kind and apiVersion in lists, and has its own columns', async () => {
    await server.send('POST', tabs, cronTab('a'));
    const { body: list } = await server.send('GET', tabs);
    expect(list).toMatchObject({
      kind: 'CronTabList',
      items: [{ kind: 'CronTab', apiVersion: 'stable.example.com/v1' }],
    });
    const { body: table } = await server.send('GET', tabs, undefined, TABLE);
    expect(table.columnDefinitions.map(({ name }: any) => name)).toEqual(['Name', 'Spec']);
    expect(table.rows[0].cells).toEqual(['a', '* *']);
  });

  test('has status and scale where its definition says so', async () => {
    await server.send('POST', tabs, cronTab('a', { replicas: 2 }));
    const patch = { spec: { replicas: 9 }, status: { replicas: 2, selector: 'a=b' } };
    const { body } = await server.send('PATCH', `${tabs}/a/status`, patch, MERGE);
    expect([body.spec.replicas, body.status.replicas]).toEqual([2, 2]);
    const { body: scale } = await server.send('GET', `${tabs}/a/scale`);
    expect(scale).toMatchObject({ spec: { replicas: 2 }, status: { replicas: 2, selector: 'a=b' } });
    await server.send('PATCH', `${tabs}/a/scale`, { spec: { replicas: 4 } }, MERGE);
    expect((await server.send('GET', `${tabs}/a`)).body.spec.replicas).toBe(4);
  });

  test('has no protobuf form and no strategic merge', async () => {
    await server.send('POST', tabs, cronTab('a'));
    const accept = 'application/vnd.kubernetes.protobuf,application/json';
    expect((await server.send('GET', `${tabs}/a`, undefined, { accept })).body.kind).toBe('CronTab');
    const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
    const { status, body } = await server.send('PATCH', `${tabs}/a`, {}, strategic);
    expect([status, body.message]).toEqual([
      415,
      'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
    ]);
  });

  test('is shown in every version that is served', async () => {
    const path = `${definitions}/crontabs.stable.example.com`;
    const versions = [version('v1', true), version('v2', false)];
    expect((await server.send('PATCH', path, { spec: { versions } }, MERGE)).status).toBe(200);
    await server.send('POST', tabs, cronTab('a'));
    const v2 = tabs.replace('/v1/', '/v2/');
    expect((await server.send('GET', `${v2}/a`)).body.apiVersion).toBe('stable.example.com/v2');
    await server.send('POST', v2, { ...cronTab('b'), apiVersion: 'stable.example.com/v2' });
    const { body } = await server.send('GET', tabs);
    expect(body.items.map(({ apiVersion, metadata }: any) => [metadata.name, apiVersion])).toEqual([
      ['a', 'stable.example.com/v1'],
      ['b', 'stable.example.com/v1'],
    ]);
  });

  test('is watched and deleted like any other', async () => {
    const watching = server.watch(`${tabs}?watch=1`);
    await server.send('POST', tabs, cronTab('a'));
    await server.send('DELETE', `${tabs}/a`);
    const events = [await watching.next(), await watching.next()];
    watching.stop();
    expect(events.map(({ type, object }) => [type, object.kind])).toEqual([
      ['ADDED', 'CronTab'],
      ['DELETED', 'CronTab'],
    ]);
  });
});

describe('server-side apply of a custom resource', () => {
  const apply = (spec: object, manager: string) =>
    server.send(
      'PATCH',
      `${tabs}/a?fieldManager=${manager}`,
      { ...cronTab('a'), spec },
      {
        'content-type': 'application/apply-patch+yaml',
      },
    );

  test('counts owners by its schema', async () => {
    expect((await apply({ cronSpec: '*', replicas: 1 }, 'me')).status).toBe(201);
    expect((await apply({ cronSpec: '*' }, 'you')).status).toBe(200);
    const { body } = await apply({ cronSpec: '* *' }, 'you');
    expect(body.message).toBe('Apply failed with 1 conflict: conflict with "me": .spec.cronSpec');
  });
});
