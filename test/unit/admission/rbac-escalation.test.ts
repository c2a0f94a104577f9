import { type AdmissionRequest, admission, admit } from '../../builders/requests.ts';
import { type SecureCluster, secureCluster, user } from '../../builders/security.ts';

const RBAC = 'rbac.authorization.k8s.io';
const alice = user('alice', 'dev');

describe('Granting rights', () => {
  let cluster: SecureCluster;
  const ask = (request: AdmissionRequest) =>
    admit(cluster.admission, admission({ group: RBAC, user: alice, ...request }));
  const pods = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] };
  const secrets = { apiGroups: [''], resources: ['secrets'], verbs: ['get'] };

  async function hold(...rules: object[]) {
    const metadata = { name: 'held' };
    await cluster.put(`clusterroles.${RBAC}`, { metadata, rules });
    const roleRef = { kind: 'ClusterRole', name: 'held' };
    await cluster.put(`clusterrolebindings.${RBAC}`, { metadata, roleRef, subjects: [{ kind: 'Group', name: 'dev' }] });
  }

  const role = (...rules: object[]) => ({
    resource: 'roles',
    object: { metadata: { name: 'r', namespace: 'default' }, rules },
  });
  const binding = (name: string) => ({
    resource: 'rolebindings',
    object: { metadata: { name: 'b', namespace: 'default' }, roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name } },
  });

  beforeEach(async () => {
    cluster = await secureCluster();
  });

  test('is refused beyond what one holds', async () => {
    await hold({ ...pods, verbs: ['list'] });
    await expect(ask(role(pods, secrets))).rejects.toMatchObject({
      code: 403,
      message: [
        'roles.rbac.authorization.k8s.io "r" is forbidden: user "alice" (groups=["dev"]) is attempting to grant RBAC permissions not currently held:',
        '{APIGroups:[""], Resources:["pods"], Verbs:["get"]}',
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
      ].join('\n'),
    });
  });

  test('is allowed within it', async () => {
    await hold(pods);
    await ask(role(pods));
    await ask(binding('held'));
  });

  test('by a binding counts the rights of its role', async () => {
    await hold(pods);
    await expect(ask(binding('cluster-admin'))).rejects.toThrow('is attempting to grant RBAC permissions');
    await expect(ask(binding('gone'))).rejects.toThrow('clusterrole.rbac.authorization.k8s.io "gone" not found');
  });

  test('is allowed to who may escalate or bind', async () => {
    await hold({ apiGroups: [RBAC], resources: ['roles', 'clusterroles'], verbs: ['escalate', 'bind'] });
    await ask(role(secrets));
    await ask(binding('cluster-admin'));
  });

  test('through an aggregation rule takes an administrator', async () => {
    await hold(pods);
    const object = { metadata: { name: 'r' }, aggregationRule: { clusterRoleSelectors: [{}] } };
    await expect(ask({ resource: 'clusterroles', object })).rejects.toThrow(
      'must have cluster-admin privileges to use the aggregationRule',
    );
    await ask({ resource: 'clusterroles', object, user: user('root', 'system:masters') });
  });

  test('does not stop the garbage collector', async () => {
    const { object } = role(secrets);
    const changed = { ...object, metadata: { ...object.metadata, finalizers: ['x'] } };
    await ask({ ...role(secrets), operation: 'UPDATE', object: changed, oldObject: object });
  });
});
