import { resourceQuota } from '../../../functions/apiserver/admission/resource-quota.ts';
import { type AdmissionRequest, admission, admit } from '../../builders/requests.ts';
import { type SecureCluster, secureCluster } from '../../builders/security.ts';

describe('ResourceQuota', () => {
  let cluster: SecureCluster;
  const plugin = () => resourceQuota(cluster.reader, cluster.store, cluster.clock);
  const ask = (request: AdmissionRequest) => admit([plugin()], admission(request));
  const put = (hard: object, used: object | undefined, name = 'q', spec: object = {}) =>
    cluster.put('resourcequotas', {
      metadata: { name, namespace: 'ns' },
      spec: { hard, ...spec },
      status: { hard, ...(used ? { used } : {}) },
    });
  const used = async (name = 'q') => (await cluster.reader.get('resourcequotas', name, 'ns'))?.['status'].used;
  const pod = (cpu?: string) => ({
    metadata: { name: 'p', namespace: 'ns' },
    spec: { containers: [{ name: 'c', resources: cpu ? { requests: { cpu } } : {} }] },
  });
  const configMap = { resource: 'configmaps', object: { metadata: { name: 'c', namespace: 'ns' } } };

  beforeEach(async () => {
    cluster = await secureCluster({ bootstrap: false });
  });

  test('charges what is created', async () => {
    await put({ pods: '2', 'requests.cpu': '1' }, { pods: '0', 'requests.cpu': '0' });
    await ask({ object: pod('600m') });
    expect(await used()).toEqual({ pods: '1', 'requests.cpu': '600m' });
  });

  test('refuses what is too much, and charges nothing for it', async () => {
    await put({ pods: '2', 'requests.cpu': '1' }, { pods: '1', 'requests.cpu': '600m' });
    await expect(ask({ object: pod('600m') })).rejects.toMatchObject({
      code: 403,
      message:
        'pods "p" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1',
    });
    expect(await used()).toEqual({ pods: '1', 'requests.cpu': '600m' });
  });

  test('asks pods to say what the quota counts', async () => {
    await put({ 'requests.cpu': '1', 'limits.memory': '1Gi' }, { 'requests.cpu': '0', 'limits.memory': '0' });
    await expect(ask({ object: pod() })).rejects.toThrow(
      'pods "p" is forbidden: failed quota: q: must specify limits.memory for: c; requests.cpu for: c',
    );
  });

  test('waits for the controller’s first count', async () => {
    await put({ pods: '2', configmaps: '5' }, undefined);
    await expect(ask({ object: pod() })).rejects.toThrow('status unknown for quota: q, resources: pods');
    await expect(ask(configMap)).rejects.toThrow('status unknown for quota: q, resources: configmaps');
  });

  test('leaves alone what no quota counts, a dry run, and other namespaces', async () => {
    await put({ secrets: '0' }, { secrets: '0' });
    await ask(configMap);
    await put({ configmaps: '5' }, { configmaps: '0' });
    await ask({ ...configMap, dryRun: true });
    await ask({ ...configMap, object: { metadata: { name: 'c', namespace: 'other' } } });
    expect(await used()).toEqual({ configmaps: '0' });
  });

  test('charges only quotas whose scope holds', async () => {
    await put({ pods: '5' }, { pods: '0' }, 'a', { scopes: ['BestEffort'] });
    await put({ pods: '5' }, { pods: '0' }, 'b', { scopes: ['NotBestEffort'] });
    await ask({ object: pod() });
    expect([await used('a'), await used('b')]).toEqual([{ pods: '1' }, { pods: '0' }]);
  });

  test('charges a change by its difference', async () => {
    await put({ 'services.nodeports': '1' }, { 'services.nodeports': '0' });
    const service = (type: string) => ({ metadata: { name: 's', namespace: 'ns' }, spec: { type, ports: [{}] } });
    const update = { operation: 'UPDATE' as const, resource: 'services', name: 's' };
    await ask({ ...update, object: service('NodePort'), oldObject: service('ClusterIP') });
    expect(await used()).toEqual({ 'services.nodeports': '1' });
    await ask({ ...update, object: service('NodePort'), oldObject: service('NodePort') });
    expect(await used()).toEqual({ 'services.nodeports': '1' });
  });

  test('lets no race exceed it', async () => {
    await put({ configmaps: '5' }, { configmaps: '0' });
    const answers = await Promise.allSettled(Array.from({ length: 9 }, () => ask(configMap)));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    expect(await used()).toEqual({ configmaps: '5' });
  });
});
