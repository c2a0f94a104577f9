import { realApiserver, type TestApiserver } from '../../fakes/real-apiserver.ts';

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

let server: TestApiserver;
beforeAll(async () => {
  server = await realApiserver();
});
const get = (path: string, accept = 'application/json') => server.send('GET', path, undefined, { accept });

describe('discovery', () => {
  test('/apis names each group with its preferred version', async () => {
    const { body } = await get('/apis');
    const autoscaling = body.groups.find((group: any) => group.name === 'autoscaling');
    expect(autoscaling.preferredVersion).toEqual({ groupVersion: 'autoscaling/v2', version: 'v2' });
    expect(autoscaling.versions.map(({ version }: any) => version)).toEqual(['v2', 'v1']);
  });

  test('/api/v1 lists resources and subresources, with the hash of what is stored', async () => {
    const { body } = await get('/api/v1');
    const byName = new Map<string, any>(body.resources.map((resource: any) => [resource.name, resource]));
    expect(byName.get('configmaps')).toMatchObject({ shortNames: ['cm'], storageVersionHash: 'qFsyl6wFWjQ=' });
    expect(byName.get('pods/eviction')).toMatchObject({ group: 'policy', version: 'v1', kind: 'Eviction' });
  });

  test('all of it at once, with an ETag', async () => {
    const { body, headers } = await get('/apis', AGGREGATED);
    expect(body.kind).toBe('APIGroupDiscoveryList');
    const apps = body.items.find((item: any) => item.metadata.name === 'apps');
    const scale = apps.versions[0].resources
      .find(({ resource }: any) => resource === 'deployments')
      .subresources.find(({ subresource }: any) => subresource === 'scale');
    expect(scale.responseKind).toEqual({ group: 'autoscaling', version: 'v1', kind: 'Scale' });
    const again = await server.send('GET', '/apis', undefined, {
      accept: AGGREGATED,
      'if-none-match': headers.get('etag')!,
    });
    expect(again.status).toBe(304);
  });

  test('an unknown group is a page, an unknown version a Status', async () => {
    expect((await get('/apis/foo')).body).toBe('404 page not found\n');
    expect((await get('/apis/apps/v7')).body.message).toBe('the server could not find the requested resource');
  });
});

describe('OpenAPI', () => {
  test('v3 has a document for each group and version', async () => {
    const { body: index } = await get('/openapi/v3');
    expect(index.paths['apis/apps/v1'].serverRelativeURL).toMatch(/^\/openapi\/v3\/apis\/apps\/v1\?hash=\w+$/);
    const { body } = await get('/openapi/v3/apis/apps/v1');
    expect(body.components.schemas['io.k8s.api.apps.v1.Deployment']).toBeDefined();
    expect(body.components.schemas['io.k8s.api.core.v1.PodSpec']).toBeDefined();
    const create = body.paths['/apis/apps/v1/namespaces/{namespace}/deployments'].post;
    expect(create.parameters.map(({ name }: any) => name)).toContain('fieldValidation');
  });

  test('v2 comes as JSON and as protobuf', async () => {
    const { body } = await get('/openapi/v2');
    expect(body.swagger).toBe('2.0');
    const { headers } = await get('/openapi/v2', 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf');
    expect(headers.get('content-type')).toBe('application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
  });
});

describe('health', () => {
  test.each(['/healthz', '/livez', '/readyz', '/readyz/ping'])('%s', async (path) => {
    expect((await get(path)).body).toBe('ok');
  });

  test('a failing check is named, its reason is not', async () => {
    const checks = new Map([['bad', () => Promise.reject(new Error('secret'))]]);
    server = await realApiserver({ checks });
    const { status, body } = await get('/readyz?verbose');
    expect(status).toBe(500);
    expect(body).toContain('[-]bad failed: reason withheld\nreadyz check failed');
    expect((await get('/readyz?verbose&exclude=bad')).body).toContain('[+]bad excluded: ok');
  });
});
