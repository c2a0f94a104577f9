import { eventually, guestbookImages, TestCluster } from './cluster.ts';

const IMAGE = 'docker.io/local/guestbook-redis:1';

const pod = (name: string, command: string, more: object = {}) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'c', image: IMAGE, command: ['sh', '-c', command], ...more }],
      volumes: [{ name: 'scratch', emptyDir: { sizeLimit: '5Mi' } }],
    },
  });

describe('a node that runs out of something', () => {
  const cluster = new TestCluster('eviction');
  afterAll(() => cluster.delete(), 60_000);

  const bringUp = async (...args: string[]) => {
    await cluster.up(...args);
    const load = await cluster.zeroplane('image', 'load', ...guestbookImages());
    if (load.code !== 0) throw new Error(load.stderr);
  };

  test('ends a pod that writes more than its emptyDir may hold, and says why', async () => {
    await bringUp();
    const mounts = { volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }] };
    await cluster.kubectlWithInput(
      pod('greedy', 'head -c 20000000 /dev/zero > /scratch/x; sleep 600', mounts),
      'apply',
      '-f',
      '-',
    );
    await cluster.kubectlWithInput(
      pod('modest', 'head -c 1000000 /dev/zero > /scratch/x; sleep 600', mounts),
      'apply',
      '-f',
      '-',
    );
    const { status } = await eventually(async () => {
      const found = await cluster.json('get', 'pod', 'greedy');
      return found.status.phase === 'Failed' && found;
    });
    expect(status).toMatchObject({
      reason: 'Evicted',
      message: 'Usage of EmptyDir volume "scratch" exceeds the limit "5Mi". ',
    });
    expect(status.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }),
    );
    expect((await cluster.json('get', 'pod', 'modest')).status.phase).toBe('Running');
  }, 180_000);

  test('under memory pressure evicts who uses most beyond its request, and takes no more pods', async () => {
    // A threshold above what any machine has free puts the node under pressure.
    await cluster.zeroplane('down');
    await cluster.up('--eviction-hard', 'memory.available<100%');
    await eventually(async () => {
      const node = await cluster.json('get', 'node', 'node-1');
      const pressure = node.status.conditions.find((one: any) => one.type === 'MemoryPressure');
      return (
        pressure.status === 'True' && node.spec.taints?.some((t: any) => t.key === 'node.kubernetes.io/memory-pressure')
      );
    });
    const { status } = await eventually(async () => {
      const found = await cluster.json('get', 'pod', 'modest');
      return found.status.phase === 'Failed' && found;
    });
    expect(status.reason).toBe('Evicted');
    expect(status.message).toContain('The node was low on resource: memory. Threshold quantity:');
  }, 180_000);
});
