import { impersonate } from '../../../functions/apiserver/authentication/impersonation.ts';
import { access } from '../../builders/requests.ts';
import { type SecureCluster, secureCluster, user } from '../../builders/security.ts';

const RBAC = 'rbac.authorization.k8s.io';
const admin = user('admin', 'system:masters', 'system:authenticated');
const alice = user('alice', 'system:authenticated');

describe('Impersonation', () => {
  let cluster: SecureCluster;
  const as = (headers: Record<string, string>, who = admin) =>
    impersonate(new Headers(headers), access(who, { verb: 'list', namespace: 'default' }), cluster.authorize);

  beforeEach(async () => {
    cluster = await secureCluster();
  });

  async function allow(...rules: object[]) {
    const metadata = { name: 'impersonator' };
    await cluster.put(`clusterroles.${RBAC}`, { kind: 'ClusterRole', metadata, rules });
    const roleRef = { kind: 'ClusterRole', name: 'impersonator' };
    const subjects = [{ kind: 'User', name: 'alice' }];
    await cluster.put(`clusterrolebindings.${RBAC}`, { kind: 'ClusterRoleBinding', metadata, roleRef, subjects });
  }

  test('without headers changes nothing', async () => {
    expect(await as({}, alice)).toBe(alice);
  });

  test('makes an administrator anybody', async () => {
    const headers = { 'Impersonate-User': 'bob', 'Impersonate-Group': 'dev', 'Impersonate-Uid': '4' };
    expect(await as({ ...headers, 'Impersonate-Extra-scopes': 'view' })).toEqual({
      username: 'bob',
      uid: '4',
      groups: ['dev', 'system:authenticated'],
      extra: { scopes: ['view'] },
    });
  });

  test('knows the groups of a ServiceAccount and of nobody', async () => {
    expect((await as({ 'Impersonate-User': 'system:serviceaccount:default:sa' })).groups).toEqual([
      'system:serviceaccounts',
      'system:serviceaccounts:default',
      'system:authenticated',
    ]);
    expect((await as({ 'Impersonate-User': 'system:anonymous' })).groups).toEqual(['system:unauthenticated']);
  });

  test.each([
    [
      { 'Impersonate-User': 'bob' },
      'pods is forbidden: User "alice" cannot impersonate-on:user-info:list resource "pods" in API group "" in the namespace "default"',
    ],
    [
      { 'Impersonate-User': 'system:node:n1' },
      'pods is forbidden: User "alice" cannot impersonate-on:arbitrary-node:list resource "pods" in API group "" in the namespace "default"',
    ],
    [
      { 'Impersonate-User': 'system:serviceaccount:default:foo', 'Impersonate-Group': 'x' },
      'serviceaccounts "foo" is forbidden: User "alice" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "default"',
    ],
  ])('of %j is refused as kube-apiserver refuses it', async (headers, message) => {
    await expect(as(headers, alice)).rejects.toThrow(message);
  });

  test('is allowed by the verb impersonate on each part', async () => {
    await allow({ apiGroups: [''], resources: ['users'], verbs: ['impersonate'], resourceNames: ['bob'] });
    expect((await as({ 'Impersonate-User': 'bob' }, alice)).username).toBe('bob');
    await expect(as({ 'Impersonate-User': 'carol' }, alice)).rejects.toThrow('is forbidden');
    await expect(as({ 'Impersonate-User': 'bob', 'Impersonate-Group': 'x' }, alice)).rejects.toThrow('is forbidden');
  });

  test('may be allowed for one verb only', async () => {
    const group = ['authentication.k8s.io'];
    await allow(
      { apiGroups: group, resources: ['users', 'groups'], verbs: ['impersonate:user-info'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['impersonate-on:user-info:list'] },
    );
    expect((await as({ 'Impersonate-User': 'bob', 'Impersonate-Group': 'dev' }, alice)).groups).toContain('dev');
    await expect(as({ 'Impersonate-User': 'bob', 'Impersonate-Group': 'system:masters' }, alice)).rejects.toThrow();
    const get = access(alice, { verb: 'get', name: 'p', namespace: 'default' });
    await expect(impersonate(new Headers({ 'Impersonate-User': 'bob' }), get, cluster.authorize)).rejects.toThrow();
  });

  test('needs a user', async () => {
    await expect(as({ 'Impersonate-Group': 'x' })).rejects.toMatchObject({ code: 400 });
  });
});
