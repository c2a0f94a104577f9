import type { KubeObject } from '../../../lib/api/object.ts';
import { type AdmissionRequest, admission, admit } from '../../builders/requests.ts';
import { type SecureCluster, secureCluster } from '../../builders/security.ts';

const MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

describe('A new pod', () => {
  let cluster: SecureCluster;

  beforeEach(async () => {
    cluster = await secureCluster();
    await cluster.put('serviceaccounts', { metadata: { name: 'default', namespace: 'default' } });
  });

  const pod = (spec: object = {}, metadata: object = {}): KubeObject => ({
    metadata: { name: 'p', namespace: 'default', ...metadata },
    spec: { containers: [{ name: 'c' }], ...spec },
  });
  const create = (object: KubeObject, more: AdmissionRequest = {}) =>
    admit(cluster.admission, admission({ object, ...more }));

  test('gets the default account and its token at the usual place', async () => {
    const { spec } = await create(pod({ initContainers: [{ name: 'i' }] }));
    expect(spec).toMatchObject({ serviceAccountName: 'default', serviceAccount: 'default' });
    const [volume] = spec.volumes;
    expect(volume).toEqual({
      name: expect.stringMatching(/^kube-api-access-[a-z0-9]{5}$/),
      projected: {
        defaultMode: 420,
        sources: [
          { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          {
            downwardAPI: {
              items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
            },
          },
        ],
      },
    });
    const mount = { name: volume.name, readOnly: true, mountPath: MOUNT };
    expect(spec.containers[0].volumeMounts).toEqual([mount]);
    expect(spec.initContainers[0].volumeMounts).toEqual([mount]);
  });

  test('gets no token where something is mounted already, or where it wants none', async () => {
    const taken = { volumeMounts: [{ name: 'v', mountPath: MOUNT }] };
    expect((await create(pod({ containers: [{ name: 'c', ...taken }] }))).spec.volumes).toBeUndefined();
    expect((await create(pod({ automountServiceAccountToken: false }))).spec.volumes).toBeUndefined();
  });

  test('follows its account’s wishes unless it has its own', async () => {
    const account = { automountServiceAccountToken: false, imagePullSecrets: [{ name: 'pull' }] };
    await cluster.put('serviceaccounts', { metadata: { name: 'default', namespace: 'default' }, ...account });
    const quiet = await create(pod());
    expect(quiet.spec.volumes).toBeUndefined();
    expect(quiet.spec.imagePullSecrets).toEqual([{ name: 'pull' }]);
    const own = await create(pod({ automountServiceAccountToken: true, imagePullSecrets: [{ name: 'mine' }] }));
    expect(own.spec.volumes).toHaveLength(1);
    expect(own.spec.imagePullSecrets).toEqual([{ name: 'mine' }]);
  });

  test('needs an account that is there', async () => {
    await expect(create(pod({ serviceAccountName: 'gone' }))).rejects.toThrow(
      'pods "p" is forbidden: error looking up service account default/gone: serviceaccount "gone" not found',
    );
  });

  test('waits a moment for the default account of a new namespace', async () => {
    await cluster.remove('serviceaccounts', 'default', 'default');
    const creation = create(pod());
    await cluster.clock.advance(100);
    await cluster.put('serviceaccounts', { metadata: { name: 'default', namespace: 'default' } });
    await cluster.clock.advance(100);
    expect((await creation).spec.serviceAccountName).toBe('default');
  });

  test('tolerates a lost node for five minutes unless it says otherwise', async () => {
    const toleration = (key: string) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 });
    const notReady = toleration('node.kubernetes.io/not-ready');
    const unreachable = toleration('node.kubernetes.io/unreachable');
    expect((await create(pod())).spec.tolerations).toEqual([notReady, unreachable]);
    const own = { ...notReady, tolerationSeconds: 5 };
    expect((await create(pod({ tolerations: [own] }))).spec.tolerations).toEqual([own, unreachable]);
    const all = { operator: 'Exists' };
    expect((await create(pod({ tolerations: [all] }))).spec.tolerations).toEqual([all]);
  });

  describe('gets its priority', () => {
    const put = (name: string, more: object) =>
      cluster.put('priorityclasses.scheduling.k8s.io', { metadata: { name }, ...more });

    test('of zero without a class', async () => {
      expect((await create(pod())).spec).toMatchObject({ priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
    });

    test('from its class', async () => {
      const { spec } = await create(pod({ priorityClassName: 'system-node-critical' }));
      expect(spec).toMatchObject({ priority: 2000001000, preemptionPolicy: 'PreemptLowerPriority' });
    });

    test('from the default class, the lowest if there are two', async () => {
      await put('high', { value: 9, globalDefault: true });
      await put('low', { value: 5, globalDefault: true, preemptionPolicy: 'Never' });
      const expected = { priorityClassName: 'low', priority: 5, preemptionPolicy: 'Never' };
      expect((await create(pod())).spec).toMatchObject(expected);
    });

    test('only from there', async () => {
      await expect(create(pod({ priorityClassName: 'gone' }))).rejects.toThrow(
        'pods "p" is forbidden: no PriorityClass with name gone was found',
      );
      await expect(create(pod({ priority: 5 }))).rejects.toThrow(
        'pods "p" is forbidden: the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name',
      );
    });
  });
});

describe('A mirror pod', () => {
  test('may use no secret and no account', async () => {
    const cluster = await secureCluster();
    const metadata = { name: 'm', namespace: 'default', annotations: { 'kubernetes.io/config.mirror': 'x' } };
    const create = (spec: object) =>
      admit(cluster.admission, admission({ object: { metadata, spec: { containers: [], ...spec } } }));
    await expect(create({ serviceAccountName: 'x' })).rejects.toThrow(
      'a mirror pod may not reference service accounts',
    );
    await expect(create({ volumes: [{ name: 'v', secret: { secretName: 's' } }] })).rejects.toThrow(
      'a mirror pod may not reference secrets',
    );
    expect((await create({})).spec.volumes).toBeUndefined();
  });
});
