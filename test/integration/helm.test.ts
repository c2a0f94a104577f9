import { eventually, guestbookImages, TestCluster } from './cluster.ts';

describe('helm 3', () => {
  const cluster = new TestCluster('helm');
  const chart = 'test/integration/chart';
  const greeting = async () => (await cluster.json('get', 'configmap', 'greeter')).data.greeting;
  const history = async () =>
    JSON.parse(await cluster.helm('history', 'greeter', '-o', 'json')).map((r: any) => r.status);

  beforeAll(async () => {
    await cluster.up();
    await cluster.zeroplane('image', 'load', guestbookImages()[0]!);
  }, 120_000);
  afterAll(() => cluster.delete(), 60_000);

  test('installs a chart and waits for it to be ready', async () => {
    await cluster.helm('install', 'greeter', chart, '--wait', '--timeout', '90s');
    expect(await greeting()).toBe('hello');
    expect((await cluster.json('get', 'deployment', 'greeter')).status.readyReplicas).toBe(1);
  }, 120_000);

  test('upgrades it', async () => {
    await cluster.helm('upgrade', 'greeter', chart, '--set', 'replicas=2,greeting=hej', '--wait', '--timeout', '90s');
    expect(await greeting()).toBe('hej');
    expect((await cluster.json('get', 'deployment', 'greeter')).status.readyReplicas).toBe(2);
  }, 120_000);

  test('rolls it back', async () => {
    await cluster.helm('rollback', 'greeter', '1', '--wait', '--timeout', '90s');
    expect(await greeting()).toBe('hello');
    expect(await history()).toEqual(['superseded', 'superseded', 'deployed']);
  }, 120_000);

  test('uninstalls it', async () => {
    await cluster.helm('uninstall', 'greeter', '--wait', '--timeout', '90s');
    expect((await cluster.tryKubectl('get', 'deployment', 'greeter')).stderr).toContain('NotFound');
    await eventually(async () => (await cluster.json('get', 'pods')).items.length === 0);
  }, 120_000);
});
