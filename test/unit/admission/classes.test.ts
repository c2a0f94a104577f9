import { defaultIngressClass } from '../../../functions/apiserver/admission/default-ingress-class.ts';
import { defaultStorageClass } from '../../../functions/apiserver/admission/default-storage-class.ts';
import { persistentVolumeClaimResize } from '../../../functions/apiserver/admission/persistent-volume-claim-resize.ts';
import { podTopologyLabels } from '../../../functions/apiserver/admission/pod-topology-labels.ts';
import { runtimeClass } from '../../../functions/apiserver/admission/runtime-class.ts';
import type { KubeObject } from '../../../lib/api/object.ts';
import { admission, admit } from '../../builders/requests.ts';
import { type SecureCluster, secureCluster } from '../../builders/security.ts';

describe('Classes', () => {
  let cluster: SecureCluster;
  const metadata = { name: 'x', namespace: 'ns' };

  beforeEach(async () => {
    cluster = await secureCluster({ bootstrap: false });
  });

  test('a claim without a class gets the newest default one', async () => {
    const put = (name: string, creationTimestamp: string) => {
      const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
      return cluster.put('storageclasses.storage.k8s.io', { metadata: { name, creationTimestamp, annotations } });
    };
    const create = (spec: object) =>
      admit(
        [defaultStorageClass(cluster.reader)],
        admission({ resource: 'persistentvolumeclaims', object: { metadata, spec } }),
      );
    expect((await create({})).spec).toEqual({});
    await put('old', '2025-01-01T00:00:00Z');
    await put('new', '2026-01-01T00:00:00Z');
    expect((await create({})).spec.storageClassName).toBe('new');
    expect((await create({ storageClassName: '' })).spec.storageClassName).toBe('');
  });

  test('an Ingress without a class gets the default one', async () => {
    const annotations = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
    await cluster.put('ingressclasses.networking.k8s.io', { metadata: { name: 'gateway', annotations } });
    const create = (spec: object) =>
      admit(
        [defaultIngressClass(cluster.reader)],
        admission({ group: 'networking.k8s.io', resource: 'ingresses', object: { metadata, spec } }),
      );
    expect((await create({})).spec.ingressClassName).toBe('gateway');
    expect((await create({ ingressClassName: 'own' })).spec.ingressClassName).toBe('own');
  });

  test('a claim grows only when bound, and where its class allows it', async () => {
    await cluster.put('storageclasses.storage.k8s.io', { metadata: { name: 'a' }, allowVolumeExpansion: true } as any);
    const claim = (storage: string, phase = 'Bound', storageClassName = 'a'): KubeObject => ({
      metadata,
      spec: { storageClassName, resources: { requests: { storage } } },
      status: { phase },
    });
    const update = (object: KubeObject, oldObject: KubeObject) =>
      admit(
        [persistentVolumeClaimResize(cluster.reader)],
        admission({ operation: 'UPDATE', resource: 'persistentvolumeclaims', name: 'x', object, oldObject }),
      );
    await update(claim('2Gi'), claim('1Gi'));
    await update(claim('1Gi', 'Pending'), claim('1Gi', 'Pending'));
    await expect(update(claim('2Gi', 'Pending'), claim('1Gi', 'Pending'))).rejects.toThrow(
      'Only bound persistent volume claims can be expanded',
    );
    await expect(update(claim('2Gi', 'Bound', 'b'), claim('1Gi', 'Bound', 'b'))).rejects.toThrow(
      'only dynamically provisioned pvc can be resized',
    );
  });

  test('a pod takes its runtime’s overhead, node selector and tolerations', async () => {
    await cluster.put('runtimeclasses.node.k8s.io', {
      metadata: { name: 'vm' },
      overhead: { podFixed: { cpu: '100m' } },
      scheduling: { nodeSelector: { vm: 'yes' }, tolerations: [{ key: 'vm' }] },
    });
    const create = (spec: object) =>
      admit([runtimeClass(cluster.reader)], admission({ object: { metadata, spec: { containers: [], ...spec } } }));
    expect((await create({ runtimeClassName: 'vm' })).spec).toMatchObject({
      overhead: { cpu: '100m' },
      nodeSelector: { vm: 'yes' },
      tolerations: [{ key: 'vm' }],
    });
    await expect(create({ runtimeClassName: 'gone' })).rejects.toThrow('pod rejected: RuntimeClass "gone" not found');
    await expect(create({ overhead: { cpu: '1' } })).rejects.toThrow(
      'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
    );
    await expect(create({ runtimeClassName: 'vm', nodeSelector: { vm: 'no' } })).rejects.toThrow(
      'conflict: runtimeClass.scheduling.nodeSelector[vm] = yes; pod.spec.nodeSelector[vm] = no',
    );
  });

  test('a binding carries its node’s zone', async () => {
    const labels = { 'topology.kubernetes.io/zone': 'a', other: 'b' };
    await cluster.put('nodes', { metadata: { name: 'n', labels } });
    const object = { metadata: { name: 'p', namespace: 'ns' }, target: { kind: 'Node', name: 'n' } };
    const bound = await admit([podTopologyLabels(cluster.reader)], admission({ subresource: 'binding', object }));
    expect(bound.metadata.labels).toEqual({ 'topology.kubernetes.io/zone': 'a' });
  });
});
