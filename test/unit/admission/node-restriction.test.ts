import { nodeRestriction } from '../../../functions/apiserver/admission/node-restriction/node-restriction.ts';
import type { KubeObject } from '../../../lib/api/object.ts';
import { type AdmissionRequest, admission, admit } from '../../builders/requests.ts';
import { type SecureCluster, secureCluster, user } from '../../builders/security.ts';

const n1 = user('system:node:n1', 'system:nodes');
const MIRROR = { 'kubernetes.io/config.mirror': 'x' };

describe('NodeRestriction', () => {
  let cluster: SecureCluster;
  let own: KubeObject;

  beforeAll(async () => {
    cluster = await secureCluster();
    own = await cluster.put('nodes', { metadata: { name: 'n1' } });
    const volumes = [
      { name: 't', projected: { sources: [{ serviceAccountToken: { path: 't', audience: 'vault' } }] } },
    ];
    await cluster.put('pods', {
      metadata: { name: 'mine', namespace: 'default', uid: 'u' },
      spec: { nodeName: 'n1', volumes },
    });
    await cluster.put('pods', {
      metadata: { name: 'theirs', namespace: 'default', uid: 'v' },
      spec: { nodeName: 'n2' },
    });
  });

  const ask = (request: AdmissionRequest) => {
    const { reader, authorize } = cluster;
    return admit([nodeRestriction({ reader, authorize })], admission({ user: n1, ...request }));
  };

  describe('of its Node', () => {
    const node = (more: object = {}, spec: object = {}) => ({ metadata: { name: 'n1', ...more }, spec });
    const create = (object: KubeObject) => ask({ resource: 'nodes', object });
    const update = (object: KubeObject, oldObject = node()) =>
      ask({ operation: 'UPDATE', resource: 'nodes', name: 'n1', object, oldObject });

    test('lets it register and change itself', async () => {
      await create(node({ labels: { 'kubernetes.io/hostname': 'n1', zone: 'a', 'node.kubernetes.io/x': 'y' } }));
      await update(node({ labels: { own: 'label' } }));
    });

    test('keeps others', async () => {
      await expect(create({ metadata: { name: 'n2' } })).rejects.toThrow(
        'nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"',
      );
    });

    test('keeps labels that would draw workloads to it', async () => {
      const labels = { 'foo.node-restriction.kubernetes.io/x': 'a', 'k8s.io/bad': 'b' };
      await expect(create(node({ labels }))).rejects.toThrow(
        'nodes "n1" is forbidden: node "n1" is not allowed to set the following labels: foo.node-restriction.kubernetes.io/x, k8s.io/bad',
      );
      await expect(update(node({ labels: { 'kubernetes.io/foo': 'bar' } }))).rejects.toThrow(
        'nodes "n1" is forbidden: is not allowed to modify labels: kubernetes.io/foo',
      );
    });

    test('keeps its taints', async () => {
      await expect(update(node({}, { taints: [{ key: 'a', effect: 'NoSchedule' }] }))).rejects.toThrow(
        'nodes "n1" is forbidden: node "n1" is not allowed to modify taints',
      );
    });
  });

  describe('of pods', () => {
    test('lets it end, evict and report its own only', async () => {
      const named = (name: string) => ({ namespace: 'default', name });
      await ask({ operation: 'DELETE', ...named('mine') });
      await expect(ask({ operation: 'DELETE', ...named('theirs') })).rejects.toThrow(
        'node "n1" can only delete pods with spec.nodeName set to itself',
      );
      await ask({ subresource: 'eviction', object: {}, ...named('mine') });
      await expect(ask({ subresource: 'eviction', object: {}, ...named('theirs') })).rejects.toThrow(
        'node n1 can only evict pods with spec.nodeName set to itself',
      );
      const status = (nodeName: string, labels: object) =>
        ({ metadata: { name: 'p', labels }, spec: { nodeName } }) as any;
      const report = { operation: 'UPDATE' as const, subresource: 'status' };
      await ask({ ...report, object: status('n1', {}), oldObject: status('n1', {}) });
      await expect(ask({ ...report, object: status('n1', { a: 'b' }), oldObject: status('n1', {}) })).rejects.toThrow(
        'cannot update labels through pod status',
      );
      await expect(ask({ ...report, object: status('n2', {}), oldObject: status('n2', {}) })).rejects.toThrow(
        'can only update pod status for pods with spec.nodeName set to itself',
      );
    });

    test('lets it make mirror pods that open nothing', async () => {
      const owner = { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: own.metadata!.uid!, controller: true };
      const pod = (spec: object = {}, metadata: object = {}) => ({
        metadata: { name: 'm', namespace: 'default', annotations: MIRROR, ownerReferences: [owner], ...metadata },
        spec: { nodeName: 'n1', containers: [], ...spec },
      });
      await ask({ object: pod() });
      const refusals: [KubeObject, string][] = [
        [pod({}, { annotations: {} }), 'can only create mirror pods'],
        [pod({ nodeName: 'n2' }), 'can only create pods with spec.nodeName set to itself'],
        [pod({}, { ownerReferences: [] }), 'can only create pods with an owner reference set to itself'],
        [pod({}, { ownerReferences: [{ ...owner, uid: 'x' }] }), 'UID mismatch'],
        [pod({ volumes: [{ name: 'v', secret: { secretName: 's' } }] }), 'can not create pods that reference secrets'],
      ];
      for (const [object, message] of refusals) await expect(ask({ object })).rejects.toThrow(message);
    });
  });

  test('gives tokens for its own pods and the audiences they name', async () => {
    const token = (boundObjectRef: object | undefined, audiences: string[] = ['vault']) =>
      ask({
        resource: 'serviceaccounts',
        subresource: 'token',
        name: 'sa',
        namespace: 'default',
        object: { spec: { audiences, boundObjectRef } },
      });
    const ref = { apiVersion: 'v1', kind: 'Pod', name: 'mine', uid: 'u' };
    await token(ref);
    await expect(token(undefined)).rejects.toThrow('node requested token not bound to a pod');
    await expect(token({ ...ref, uid: undefined })).rejects.toThrow('with a pod binding without a uid');
    await expect(token({ ...ref, name: 'theirs', uid: 'v' })).rejects.toThrow('scheduled on a different node');
    await expect(token(ref, ['other'])).rejects.toThrow(
      'system:node:n1 is not authorized to request tokens for audience "other"',
    );
  });

  test('gives its own lease only', async () => {
    const lease = (name: string, namespace = 'kube-node-lease') =>
      ask({ group: 'coordination.k8s.io', resource: 'leases', object: { metadata: { name, namespace } } });
    await lease('n1');
    await expect(lease('n2')).rejects.toThrow('can only access node lease with the same name as the requesting node');
    await expect(lease('n1', 'default')).rejects.toThrow(
      'can only access leases in the "kube-node-lease" system namespace',
    );
  });

  test('leaves everybody else alone', async () => {
    await ask({ user: user('alice'), object: { metadata: { name: 'p', namespace: 'default' }, spec: {} } });
  });
});
