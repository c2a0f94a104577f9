import type { KubeObject } from '../../../lib/api/object.ts';
import { access } from '../../builders/requests.ts';
import { type SecureCluster, secureCluster, user } from '../../builders/security.ts';

const GROUP = 'authorization.k8s.io';
const controller = 'system:serviceaccount:kube-system:replicaset-controller';

describe('Access reviews', () => {
  let cluster: SecureCluster;
  const alice = user('alice', 'system:authenticated');

  beforeAll(async () => {
    cluster = await secureCluster();
  });

  function review(resource: string, spec: object, as = alice, namespace = ''): Promise<KubeObject> {
    const { user: _, ...info } = access(as, { group: GROUP, resource, verb: 'create', namespace });
    const object = { apiVersion: `${GROUP}/v1`, kind: 'Review', spec };
    return cluster.virtual.get(`${GROUP}/${resource}`)!(object, { user: as, info: { ...info, rest: '' } });
  }

  test('tell whether somebody may, and through what', async () => {
    const resourceAttributes = { namespace: 'default', verb: 'list', resource: 'pods' };
    const answer = await review('subjectaccessreviews', { user: controller, resourceAttributes });
    const name = '"system:controller:replicaset-controller"';
    expect(answer['status']).toEqual({
      allowed: true,
      reason: `RBAC: allowed by ClusterRoleBinding ${name} of ClusterRole ${name} to ServiceAccount "replicaset-controller/kube-system"`,
    });
    expect(answer['spec']).toEqual({ user: controller, resourceAttributes });
  });

  test('tell me what I may', async () => {
    const resourceAttributes = { verb: 'list', resource: 'pods' };
    expect((await review('selfsubjectaccessreviews', { resourceAttributes }))['status']).toEqual({ allowed: false });
    const nonResourceAttributes = { verb: 'get', path: '/apis' };
    expect((await review('selfsubjectaccessreviews', { nonResourceAttributes }))['status'].allowed).toBe(true);
  });

  test('must say what is asked', async () => {
    await expect(review('subjectaccessreviews', {})).rejects.toMatchObject({
      code: 422,
      details: {
        causes: [
          {
            field: 'spec',
            message:
              'Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
          },
          { field: 'spec.user', message: 'Invalid value: "": at least one of user or group must be specified' },
        ],
      },
    });
  });

  test('in one namespace ask about that one', async () => {
    const resourceAttributes = { namespace: 'other', verb: 'list', resource: 'pods' };
    await expect(
      review('localsubjectaccessreviews', { user: 'bob', resourceAttributes }, alice, 'default'),
    ).rejects.toThrow('must match metadata.namespace');
  });

  test('list my rules', async () => {
    const { status } = await review('selfsubjectrulesreviews', { namespace: 'default' });
    expect(status.incomplete).toBe(false);
    expect(status.resourceRules).toContainEqual({
      verbs: ['create'],
      apiGroups: [GROUP],
      resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
    });
    expect(status.nonResourceRules.length).toBeGreaterThan(0);
    await expect(review('selfsubjectrulesreviews', {})).rejects.toThrow('no namespace on request');
  });
});
