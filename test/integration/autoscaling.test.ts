import { eventually, guestbookImages, TestCluster } from './cluster.ts';

describe('the autoscaling example', () => {
  const cluster = new TestCluster('autoscaling');

  beforeAll(async () => {
    await cluster.up();
    const load = await cluster.zeroplane('image', 'load', ...guestbookImages());
    if (load.code !== 0) throw new Error(load.stderr);
    await cluster.kubectl('apply', '-f', 'examples/autoscaling/');
    await cluster.kubectl('rollout', 'status', 'deployment/busy', '--timeout=120s');
  }, 240_000);
  afterAll(() => cluster.delete(), 60_000);

  const replicas = async () => (await cluster.json('get', 'deployment', 'busy')).spec.replicas;
  const reasons = async () =>
    (await cluster.json('get', 'events', '--field-selector', 'involvedObject.kind=HorizontalPodAutoscaler')).items.map(
      (event: any) => event.reason,
    );

  test('kubectl top shows what nodes, pods and containers use', async () => {
    await eventually(async () => (await cluster.kubectl('top', 'pods', '--no-headers')).startsWith('busy-'));
    expect(await cluster.kubectl('top', 'nodes')).toMatch(/CPU\(cores\)[\s\S]+node-1\s+\d+m\s+\d+%\s+\d+Mi/);
    expect(await cluster.kubectl('top', 'pods', '-l', 'app=busy', '--containers')).toMatch(
      /busy-\S+\s+web\s+\d+m\s+\d+Mi/,
    );
  }, 90_000);

  test('more replicas under load, fewer when it is over', async () => {
    await cluster.kubectl('scale', 'deployment/visitors', '--replicas=2');
    await eventually(async () => (await replicas()) === 3, 150_000);
    expect(await reasons()).toContain('SuccessfulRescale');
    const { status } = await cluster.json('get', 'hpa', 'busy');
    expect(status.conditions).toContainEqual(
      expect.objectContaining({ type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound' }),
    );
    await cluster.kubectl('scale', 'deployment/visitors', '--replicas=0');
    await eventually(async () => (await replicas()) === 1, 180_000);
  }, 360_000);

  test('an autoscaler whose pods request nothing says so', async () => {
    await cluster.kubectl('create', 'deployment', 'bare', '--image=docker.io/local/guestbook-web:1');
    await cluster.kubectl('autoscale', 'deployment/bare', '--cpu=50%', '--max=3');
    const condition = await eventually(async () => {
      const { status } = await cluster.json('get', 'hpa', 'bare');
      return status?.conditions?.find((one: any) => one.type === 'ScalingActive');
    });
    expect(condition).toMatchObject({ status: 'False', reason: 'FailedGetResourceMetric' });
  }, 90_000);
});
