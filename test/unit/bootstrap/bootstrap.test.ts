import { type SecureCluster, secureCluster } from '../../builders/security.ts';

const RBAC = 'rbac.authorization.k8s.io';

describe('The first start', () => {
  let cluster: SecureCluster;
  const names = async (type: string) => (await cluster.reader.list(type)).map(({ metadata }) => metadata.name);
  const count = async (type: string) => (await names(type)).filter((name) => !name.startsWith('zeroplane:')).length;

  beforeEach(async () => {
    cluster = await secureCluster();
  });

  test.each([
    ['namespaces', 4],
    [`clusterroles.${RBAC}`, 73],
    [`clusterrolebindings.${RBAC}`, 54],
    [`roles.${RBAC}`, 7],
    [`rolebindings.${RBAC}`, 7],
    ['priorityclasses.scheduling.k8s.io', 2],
    ['flowschemas.flowcontrol.apiserver.k8s.io', 11],
    ['prioritylevelconfigurations.flowcontrol.apiserver.k8s.io', 8],
    ['apiservices.apiregistration.k8s.io', 22],
    ['services', 1],
    ['endpoints', 1],
    ['endpointslices.discovery.k8s.io', 1],
    ['servicecidrs.networking.k8s.io', 1],
    ['ipaddresses.networking.k8s.io', 1],
  ])('makes %s: %d of them, as kube-apiserver does', async (type, expected) => {
    expect(await count(type)).toBe(expected);
  });

  test('binds the roles that our own parts need', async () => {
    const own = (await names(`clusterroles.${RBAC}`)).filter((name) => name.startsWith('zeroplane:'));
    expect(await names(`clusterrolebindings.${RBAC}`)).toEqual(expect.arrayContaining(own));
  });

  test('makes a default IngressClass only where gateways serve it', async () => {
    expect(await names('ingressclasses.networking.k8s.io')).toEqual([]);
    const local = await secureCluster({ ingressGateway: true });
    expect((await local.reader.list('ingressclasses.networking.k8s.io')).map(({ metadata }) => metadata.name)).toEqual([
      'zeroplane',
    ]);
  });

  test('fills the aggregated roles', async () => {
    const rules = async (name: string) => (await cluster.reader.get(`clusterroles.${RBAC}`, name))?.['rules'].length;
    const [view, edit, admin] = [await rules('view'), await rules('edit'), await rules('admin')];
    expect(view).toBeGreaterThan(0);
    expect(edit).toBeGreaterThan(view);
    expect(admin).toBeGreaterThan(edit);
  });

  test('reserves the first address for the Service kubernetes', async () => {
    const service = await cluster.reader.get('services', 'kubernetes', 'default');
    expect(service?.['spec'].clusterIP).toBe('10.96.0.1');
    expect(service?.['spec'].ports[0]).toMatchObject({ port: 443, targetPort: 6443 });
    const endpoints = await cluster.reader.get('endpoints', 'kubernetes', 'default');
    expect(endpoints?.['subsets']).toEqual([
      { addresses: [{ ip: '192.168.5.1' }], ports: [{ name: 'https', port: 6443, protocol: 'TCP' }] },
    ]);
  });
});

describe('A later start', () => {
  test('writes nothing when all is there', async () => {
    const cluster = await secureCluster();
    const before = await cluster.store.revision('namespaces/');
    await cluster.bootstrap();
    expect(await cluster.store.revision('namespaces/')).toBe(before);
  });

  test('brings back what was taken from a role, and leaves what was added', async () => {
    const cluster = await secureCluster();
    const type = `clusterroles.${RBAC}`;
    const role = (await cluster.reader.get(type, 'system:discovery'))!;
    const added = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };
    await cluster.put(type, { ...role, rules: [added] });
    await cluster.bootstrap();
    const rules = (await cluster.reader.get(type, 'system:discovery'))?.['rules'];
    expect(rules[0]).toEqual(added);
    expect(rules.length).toBeGreaterThan(1);
  });

  test('leaves a role alone that says so', async () => {
    const cluster = await secureCluster();
    const type = `clusterroles.${RBAC}`;
    const metadata = {
      name: 'system:discovery',
      annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' },
    };
    await cluster.put(type, { metadata, rules: [] });
    await cluster.bootstrap();
    expect((await cluster.reader.get(type, 'system:discovery'))?.['rules']).toEqual([]);
  });

  test('brings back a subject and a lost object', async () => {
    const cluster = await secureCluster();
    const type = `clusterrolebindings.${RBAC}`;
    const binding = (await cluster.reader.get(type, 'cluster-admin'))!;
    await cluster.put(type, { ...binding, subjects: [] });
    await cluster.remove(type, 'system:discovery');
    await cluster.bootstrap();
    expect((await cluster.reader.get(type, 'cluster-admin'))?.['subjects']).toEqual([
      expect.objectContaining({ kind: 'Group', name: 'system:masters' }),
    ]);
    expect(await cluster.reader.get(type, 'system:discovery')).toBeDefined();
  });
});
