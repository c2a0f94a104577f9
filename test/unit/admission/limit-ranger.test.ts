import { limitRanger } from '../../../functions/apiserver/admission/limit-ranger.ts';
import { type AdmissionRequest, admission, admit } from '../../builders/requests.ts';
import { type SecureCluster, secureCluster } from '../../builders/security.ts';

describe('LimitRanger', () => {
  let cluster: SecureCluster;
  const ask = (request: AdmissionRequest) => admit([limitRanger(cluster.reader)], admission(request));
  const limit = (...limits: object[]) =>
    cluster.put('limitranges', { metadata: { name: 'l', namespace: 'ns' }, spec: { limits } });
  const pod = (...resources: object[]) => ({
    metadata: { name: 'p', namespace: 'ns' },
    spec: { containers: resources.map((one, i) => ({ name: `c${i}`, resources: one })) },
  });

  beforeEach(async () => {
    cluster = await secureCluster({ bootstrap: false });
  });

  test('fills what is missing and says so', async () => {
    await limit({ type: 'Container', default: { cpu: '500m', memory: '512Mi' }, defaultRequest: { cpu: '100m' } });
    const { metadata, spec } = await ask({ object: pod({}, { limits: { memory: '1Gi' }, requests: { cpu: '1' } }) });
    expect(spec.containers.map(({ resources }: any) => resources)).toEqual([
      { limits: { cpu: '500m', memory: '512Mi' }, requests: { cpu: '100m' } },
      { limits: { cpu: '500m', memory: '1Gi' }, requests: { cpu: '1' } },
    ]);
    expect(metadata.annotations).toEqual({
      'kubernetes.io/limit-ranger':
        'LimitRanger plugin set: cpu request for container c0; cpu, memory limit for container c0; cpu limit for container c1',
    });
  });

  test('refuses what is out of bounds, each fault once', async () => {
    const bounds = { max: { cpu: '1' }, min: { cpu: '50m' }, maxLimitRequestRatio: { cpu: '4' } };
    await limit({ type: 'Container', ...bounds });
    const low = { requests: { cpu: '10m' }, limits: { cpu: '100m' } };
    const high = { limits: { cpu: '2' }, requests: { cpu: '1' } };
    await expect(ask({ object: pod(high, low, low) })).rejects.toMatchObject({
      code: 403,
      message:
        'pods "p" is forbidden: [maximum cpu usage per Container is 1, but limit is 2, minimum cpu usage per Container is 50m, but request is 10m, cpu max limit to request ratio per Container is 4, but provided ratio is 10.000000]',
    });
    await expect(ask({ object: pod({}) })).rejects.toThrow(
      'maximum cpu usage per Container is 1.  No limit is specified',
    );
  });

  test('adds up a pod’s containers', async () => {
    await limit({ type: 'Pod', max: { memory: '1Gi' } });
    const half = { limits: { memory: '600Mi' } };
    await ask({ object: pod(half) });
    await expect(ask({ object: pod(half, half) })).rejects.toThrow(
      'maximum memory usage per Pod is 1Gi, but limit is 1200Mi',
    );
  });

  test('bounds what a claim asks for', async () => {
    await limit({ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } });
    const claim = (storage: string) => ({
      resource: 'persistentvolumeclaims',
      object: { metadata: { name: 'c', namespace: 'ns' }, spec: { resources: { requests: { storage } } } },
    });
    await ask(claim('1500Mi'));
    await expect(ask(claim('3Gi'))).rejects.toThrow(
      'maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi',
    );
    await expect(ask(claim('1Mi'))).rejects.toThrow('minimum storage usage per PersistentVolumeClaim is 1Gi');
  });

  test('leaves existing pods and other namespaces alone', async () => {
    await limit({ type: 'Container', max: { cpu: '1' } });
    await ask({ operation: 'UPDATE', object: pod({}), oldObject: pod({}) });
    const elsewhere = { ...pod({}), metadata: { name: 'p', namespace: 'other' } };
    await ask({ object: elsewhere });
  });
});
