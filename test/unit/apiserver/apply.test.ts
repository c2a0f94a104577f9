import { realApiserver, type TestApiserver } from '../../fakes/real-apiserver.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const APPLY = { 'content-type': 'application/apply-patch+yaml' };
const MERGE = { 'content-type': 'application/merge-patch+json' };

let server: TestApiserver;
beforeEach(async () => {
  server = await realApiserver();
});

const apply = (data: object, manager: string, query = '') =>
  server.send(
    'PATCH',
    `${maps}/one?fieldManager=${manager}${query}`,
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one' }, data },
    APPLY,
  );

describe('server-side apply', () => {
  test('makes what is not there, and owns what it applied', async () => {
    const { status, body } = await apply({ a: '1' }, 'me');
    expect(status).toBe(201);
    expect(body.metadata.managedFields).toMatchObject([
      { manager: 'me', operation: 'Apply', fieldsV1: { 'f:data': { 'f:a': {} } } },
    ]);
    expect((await apply({ a: '1' }, 'me')).body.metadata.resourceVersion).toBe(body.metadata.resourceVersion);
  });

  test('removes what its manager no longer applies', async () => {
    await apply({ a: '1', b: '2' }, 'me');
    const { status, body } = await apply({ b: '2' }, 'me');
    expect([status, body.data]).toEqual([200, { b: '2' }]);
  });

  test('does not take another field without force', async () => {
    await apply({ a: '1' }, 'me');
    const refused = await apply({ a: '2' }, 'you');
    expect([refused.status, refused.body.message]).toEqual([
      409,
      'Apply failed with 1 conflict: conflict with "me": .data.a',
    ]);
    const forced = await apply({ a: '2' }, 'you', '&force=true');
    expect(forced.body.data).toEqual({ a: '2' });
  });

  test('a later update of an applied object is accounted for', async () => {
    await apply({ a: '1' }, 'me');
    await server.send('PATCH', `${maps}/one?fieldManager=kubectl-edit`, { data: { a: '9' } }, MERGE);
    expect((await apply({ a: '1' }, 'me')).body.message).toBe(
      'Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: .data.a',
    );
  });

  test('an object that nobody applied carries no account', async () => {
    await server.send('POST', maps, { metadata: { name: 'one' } });
    const { body } = await server.send('PATCH', `${maps}/one`, { data: { a: '9' } }, MERGE);
    expect(body.metadata.managedFields).toBeUndefined();
  });

  test('needs a manager, and only it may force', async () => {
    const nobody = await server.send('PATCH', `${maps}/one`, { metadata: { name: 'one' } }, APPLY);
    expect(nobody.body.message).toBe(
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
    const forced = await server.send('PATCH', `${maps}/one?force=true`, {}, MERGE);
    expect(forced.body.message).toBe(
      'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    );
  });
});
