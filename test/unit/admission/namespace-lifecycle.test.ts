import { namespaceLifecycle } from '../../../functions/apiserver/admission/namespace-lifecycle.ts';
import { type AdmissionRequest, admission, admit } from '../../builders/requests.ts';
import { type SecureCluster, secureCluster } from '../../builders/security.ts';

describe('NamespaceLifecycle', () => {
  let cluster: SecureCluster;
  const pod = (namespace: string) => ({ metadata: { name: 'p', namespace } });
  const ask = (request: AdmissionRequest) => admit([namespaceLifecycle(cluster.reader)], admission(request));

  beforeAll(async () => {
    cluster = await secureCluster();
    await cluster.put('namespaces', { metadata: { name: 'ending' }, status: { phase: 'Terminating' } });
  });

  test('lets things be created in a namespace that is there', async () => {
    await expect(ask({ object: pod('default') })).resolves.toBeDefined();
  });

  test('finds no namespace that is not there', async () => {
    await expect(ask({ object: pod('gone') })).rejects.toMatchObject({
      code: 404,
      message: 'namespaces "gone" not found',
    });
  });

  test('lets nothing new into a namespace that is going away', async () => {
    await expect(ask({ object: pod('ending') })).rejects.toMatchObject({
      code: 403,
      message: 'pods "p" is forbidden: unable to create new content in namespace ending because it is being terminated',
      details: {
        causes: [
          {
            reason: 'NamespaceTerminating',
            message: 'namespace ending is being terminated',
            field: 'metadata.namespace',
          },
        ],
      },
    });
  });

  test('lets things be changed and deleted in it', async () => {
    await ask({ operation: 'UPDATE', object: pod('ending') });
    await ask({ operation: 'DELETE', oldObject: pod('ending'), namespace: 'ending', name: 'p' });
  });

  test.each(['default', 'kube-system', 'kube-public'])('keeps %s', async (name) => {
    await expect(ask({ operation: 'DELETE', resource: 'namespaces', name, namespace: name })).rejects.toThrow(
      `namespaces "${name}" is forbidden: this namespace may not be deleted`,
    );
  });

  test('answers an access review in any namespace', async () => {
    const resource = 'localsubjectaccessreviews';
    await ask({ group: 'authorization.k8s.io', resource, namespace: 'gone', object: {} });
  });
});
