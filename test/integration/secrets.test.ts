import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, TestCluster } from './cluster.ts';

const PASSWORD = 'correct-horse-battery-staple';
const AS_STORED = Buffer.from(PASSWORD).toString('base64');

describe('Secrets in the store of a local cluster', () => {
  const cluster = new TestCluster('secrets');
  const keys = () => join(cluster.stateDir, 'encryption-keys.json');
  beforeAll(() => cluster.up(), 120_000);
  afterAll(() => cluster.delete(), 60_000);

  /** The database and its write-ahead log. */
  const storeHolds = (text: string) => {
    const folder = join(cluster.stateDir, 'store');
    return readdirSync(folder).some((file) => readFileSync(join(folder, file)).includes(text));
  };
  const password = () =>
    cluster.kubectl('get', 'secret', 'login', '-o', 'jsonpath={.data.password}').then((it) => it.trim());
  const secrets = async (command: string) => {
    const { code, stdout, stderr } = await cluster.zeroplane('secrets', command);
    if (code !== 0) throw new Error(stderr);
    return stdout;
  };

  test('lie there encrypted, and nothing else does', async () => {
    await cluster.kubectl('create', 'secret', 'generic', 'login', `--from-literal=password=${PASSWORD}`);
    await cluster.kubectl('create', 'configmap', 'settings', '--from-literal=colour=deep-purple');
    expect(await password()).toBe(AS_STORED);
    expect([storeHolds(AS_STORED), storeHolds(PASSWORD), storeHolds('deep-purple')]).toEqual([false, false, true]);
    expect(statSync(keys()).mode & 0o777).toBe(0o600);
  }, 60_000);

  test('get a new key while the cluster runs, and an informer hears nothing that is not so', async () => {
    const before = await cluster.json('get', 'secret', 'login');
    const said = await secrets('rotate');
    expect(said).toMatch(/All \d+ Secrets are sealed with key2\./);
    const after = await cluster.json('get', 'secret', 'login');
    expect({ ...after.metadata, resourceVersion: '' }).toEqual({ ...before.metadata, resourceVersion: '' });
    expect(after.data).toEqual(before.data);
    const status = await secrets('status');
    expect(status).toMatch(/^key2 +[1-9]\d* +\d+ +writes$/m);
    expect(status).toMatch(/^key1 +0 +[1-9]\d* +reads$/m);
  }, 60_000);

  test('are written with kubectl replace too, as the documentation of Kubernetes tells to do', async () => {
    const all = await cluster.kubectl('get', 'secrets', '-A', '-o', 'json');
    await cluster.kubectlWithInput(all, 'replace', '-f', '-');
    expect(await password()).toBe(AS_STORED);
  }, 60_000);

  test('are read after the cluster was down', async () => {
    await cluster.zeroplane('down');
    await cluster.up();
    expect(await eventually(password)).toBe(AS_STORED);
    expect(storeHolds(AS_STORED)).toBe(false);
  }, 120_000);
});
