import { forbiddenError } from '../../../functions/apiserver/authorization/forbidden.ts';
import { access } from '../../builders/requests.ts';
import { type SecureCluster, secureCluster, user } from '../../builders/security.ts';

const RBAC = 'rbac.authorization.k8s.io';
const alice = user('alice', 'dev', 'system:authenticated');

function role(kind: 'Role' | 'ClusterRole', name: string, rules: object[], namespace?: string) {
  return { kind, apiVersion: `${RBAC}/v1`, metadata: { name, namespace }, rules };
}

function binding(name: string, subject: object, roleKind: string, roleName: string, namespace?: string) {
  const kind = namespace ? 'RoleBinding' : 'ClusterRoleBinding';
  const roleRef = { apiGroup: RBAC, kind: roleKind, name: roleName };
  return { kind, apiVersion: `${RBAC}/v1`, metadata: { name, namespace }, subjects: [subject], roleRef };
}

describe('RBAC', () => {
  let cluster: SecureCluster;
  const may = async (...args: Parameters<typeof access>) => (await cluster.authorize(access(...args))).allowed;

  beforeEach(async () => {
    cluster = await secureCluster();
  });

  test('refuses what no rule grants', async () => {
    expect(await cluster.authorize(access(alice, { verb: 'list', namespace: 'default' }))).toEqual({ allowed: false });
  });

  test('lets members of system:masters do everything', async () => {
    expect(await may(user('root', 'system:masters'), { verb: 'delete', resource: 'nodes', name: 'n' })).toBe(true);
  });

  test('sees a binding in the very next request, and its end too', async () => {
    const subject = { kind: 'User', apiGroup: RBAC, name: 'alice' };
    await cluster.put(`rolebindings.${RBAC}`, binding('b', subject, 'ClusterRole', 'view', 'default'));
    expect(await may(alice, { verb: 'list', namespace: 'default' })).toBe(true);
    expect(await may(alice, { verb: 'list', namespace: 'kube-system' })).toBe(false);
    expect(await may(alice, { verb: 'list' })).toBe(false);
    await cluster.remove(`rolebindings.${RBAC}`, 'b', 'default');
    expect(await may(alice, { verb: 'list', namespace: 'default' })).toBe(false);
  });

  test('sees a changed role in the very next request', async () => {
    const pods = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };
    await cluster.put(`roles.${RBAC}`, role('Role', 'r', [pods], 'default'));
    await cluster.put(`rolebindings.${RBAC}`, binding('b', { kind: 'Group', name: 'dev' }, 'Role', 'r', 'default'));
    expect(await may(alice, { namespace: 'default', name: 'p' })).toBe(true);
    await cluster.put(`roles.${RBAC}`, role('Role', 'r', [{ ...pods, resourceNames: ['q'] }], 'default'));
    expect(await may(alice, { namespace: 'default', name: 'p' })).toBe(false);
    expect(await may(alice, { namespace: 'default', name: 'q' })).toBe(true);
  });

  test('takes a ServiceAccount subject without a namespace as one of the binding’s', async () => {
    const subject = { kind: 'ServiceAccount', name: 'sa' };
    await cluster.put(`rolebindings.${RBAC}`, binding('b', subject, 'ClusterRole', 'view', 'default'));
    expect(await may(user('system:serviceaccount:default:sa'), { verb: 'list', namespace: 'default' })).toBe(true);
    expect(await may(user('system:serviceaccount:other:sa'), { verb: 'list', namespace: 'default' })).toBe(false);
  });

  test.each([
    [{ resources: ['pods'] }, { subresource: 'log' }, false],
    [{ resources: ['pods/log'] }, { subresource: 'log' }, true],
    [{ resources: ['*/log'] }, { subresource: 'log' }, true],
    [{ resources: ['*'] }, { subresource: 'log' }, true],
    [{ resources: ['pods/*'] }, { subresource: 'log' }, false],
    [{ apiGroups: ['apps'] }, {}, false],
    [{ apiGroups: ['*'] }, {}, true],
    [{ verbs: ['*'] }, { verb: 'watch' }, true],
    [{ verbs: ['get'] }, { verb: 'watch' }, false],
  ])('matches rule %j against %j: %s', async (rule, wanted, allowed) => {
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'], ...rule }];
    await cluster.put(`clusterroles.${RBAC}`, role('ClusterRole', 'r', rules));
    await cluster.put(`clusterrolebindings.${RBAC}`, binding('b', { kind: 'User', name: 'alice' }, 'ClusterRole', 'r'));
    expect(await may(alice, { name: 'p', namespace: 'default', ...wanted })).toBe(allowed);
  });

  test('opens discovery and health to everybody, and no other path', async () => {
    const path = (value: string) => ({ isResource: false, path: value, resource: '', version: '' });
    const anonymous = user('system:anonymous', 'system:unauthenticated');
    expect(await may(anonymous, path('/healthz'))).toBe(true);
    expect(await may(anonymous, path('/apis/apps/v1'))).toBe(false);
    expect(await may(alice, path('/apis/apps/v1'))).toBe(true);
    expect(await may(alice, path('/metrics'))).toBe(false);
  });

  test('names the role that a binding misses', async () => {
    await cluster.put(
      `clusterrolebindings.${RBAC}`,
      binding('b', { kind: 'User', name: 'alice' }, 'ClusterRole', 'gone'),
    );
    const { reason } = await cluster.authorize(access(alice, { verb: 'list' }));
    expect(reason).toBe('rbac: RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found');
  });
});

describe('the refusal', () => {
  test.each([
    [
      { verb: 'list', namespace: 'default' },
      'pods is forbidden: User "alice" cannot list resource "pods" in API group "" in the namespace "default"',
    ],
    [
      { verb: 'get', group: 'apps', resource: 'deployments', subresource: 'scale', name: 'd', namespace: 'x' },
      'deployments.apps "d" is forbidden: User "alice" cannot get resource "deployments/scale" in API group "apps" in the namespace "x"',
    ],
    [
      { verb: 'list', resource: 'nodes' },
      'nodes is forbidden: User "alice" cannot list resource "nodes" in API group "" at the cluster scope',
    ],
    [{ isResource: false, path: '/foo', verb: 'get' }, 'forbidden: User "alice" cannot get path "/foo"'],
  ])('of %j reads as kube-apiserver’s', (wanted, message) => {
    const error = forbiddenError(access(alice, wanted));
    expect(error.message).toBe(message);
    expect(error).toMatchObject({ code: 403, reason: 'Forbidden' });
  });
});
