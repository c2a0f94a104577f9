import { deployed, eventually, Kubectl } from './deployed.ts';

jest.setTimeout(120_000);
const cluster = deployed();
let kubectl: Kubectl;

beforeAll(async () => {
  kubectl = await Kubectl.of(cluster);
});
afterAll(() => kubectl.close());

describe('kubectl through API Gateway', () => {
  test('is whom IAM says it is', async () => {
    const { status } = await kubectl.json('auth', 'whoami');
    expect(status.userInfo.extra.arn).toEqual(['arn:aws:iam::000000000000:root']);
    expect(status.userInfo.groups).toContain('system:masters');
  });

  test('finds what every cluster has', async () => {
    const { items } = await kubectl.json('get', 'namespaces');
    const names = items.map(({ metadata }: any) => metadata.name);
    expect(names).toEqual(expect.arrayContaining(['default', 'kube-node-lease', 'kube-public', 'kube-system']));
    expect((await kubectl.json('get', 'service', 'kubernetes')).spec.clusterIP).toBe('10.96.0.1');
  });

  test('knows the server’s version and its readiness', async () => {
    expect((await kubectl.json('version')).serverVersion.gitVersion).toMatch(/^v1\.37\./);
    expect(await kubectl.run('get', '--raw', '/readyz')).toBe('ok');
  });

  test('refuses an anonymous client, in words', async () => {
    const nobody = await Kubectl.of(cluster, 'nonsense');
    const { code, stderr } = await nobody.attempt(['get', 'pods']);
    nobody.close();
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/You must be logged in to the server/);
  });
});

describe('objects', () => {
  const namespace = 'objects';
  beforeAll(() => kubectl.run('create', 'namespace', namespace));
  afterAll(() => kubectl.run('delete', 'namespace', namespace, '--wait=false'));

  test('a ConfigMap is created from protobuf, read, patched, applied and deleted', async () => {
    await kubectl.run('create', 'configmap', 'settings', '--namespace', namespace, '--from-literal', 'colour=blue');
    await kubectl.run('patch', 'configmap', 'settings', '--namespace', namespace, '--patch', '{"data":{"size":"ü"}}');
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace } };
    await kubectl.apply({ ...map, data: { taste: 'sweet' } });
    const { data } = await kubectl.json('get', 'configmap', 'settings', '--namespace', namespace);
    expect(data).toEqual({ colour: 'blue', size: 'ü', taste: 'sweet' });
    await kubectl.run('delete', 'configmap', 'settings', '--namespace', namespace);
    const { stderr } = await kubectl.attempt(['get', 'configmap', 'settings', '--namespace', namespace]);
    expect(stderr).toBe('Error from server (NotFound): configmaps "settings" not found\n');
  });

  test('a Secret keeps its bytes', async () => {
    await kubectl.run('create', 'secret', 'generic', 'key', '--namespace', namespace, '--from-literal', 'p=\u00e4\n');
    const { data } = await kubectl.json('get', 'secret', 'key', '--namespace', namespace);
    expect(Buffer.from(data.p, 'base64').toString()).toBe('\u00e4\n');
  });

  test('a list that is compressed, and paged, is whole', async () => {
    const filler = 'x'.repeat(2_000);
    const maps = Array.from({ length: 30 }, (_, i) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `page-${i}`, namespace, labels: { paged: 'yes' } },
      data: { filler },
    }));
    await kubectl.apply(...maps);
    for (const chunk of ['0', '7']) {
      const args = ['get', 'configmaps', '-n', namespace, '-l', 'paged=yes', `--chunk-size=${chunk}`, '-o', 'name'];
      expect((await kubectl.run(...args)).trim().split('\n')).toHaveLength(30);
    }
  });

  test('a watch is told of what happens, across the ends of short answers', async () => {
    const watching = kubectl.start('get', 'configmaps', '-n', namespace, '-l', 'seen=yes', '--watch', '-o', 'name');
    await kubectl.run('create', 'configmap', 'first', '-n', namespace);
    await kubectl.run('label', 'configmap', 'first', '-n', namespace, 'seen=yes');
    await eventually(async () => expect(watching.output()).toContain('configmap/first'));
  });

  test('kubectl wait sees a condition that comes later', async () => {
    await kubectl.run('create', 'configmap', 'passing', '-n', namespace);
    const waiting = kubectl.start('wait', '--for=delete', 'configmap/passing', '-n', namespace, '--timeout=60s');
    await kubectl.run('delete', 'configmap', 'passing', '-n', namespace);
    expect(await waiting.ended).toBe(0);
  });
});
