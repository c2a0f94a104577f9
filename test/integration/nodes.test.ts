import { eventually, guestbookImages, TestCluster } from './cluster.ts';

describe('nodes come and go', () => {
  const cluster = new TestCluster('nodes');

  beforeAll(async () => {
    await cluster.up('--nodes', '2');
    const load = await cluster.zeroplane('image', 'load', ...guestbookImages());
    if (load.code !== 0) throw new Error(load.stderr);
    await cluster.kubectl('create', 'deployment', 'web', '--image=docker.io/local/guestbook-redis:1', '--replicas=4');
    await cluster.kubectl('rollout', 'status', 'deployment/web', '--timeout=120s');
  }, 180_000);
  afterAll(() => cluster.delete(), 60_000);

  const nodes = async () => (await cluster.json('get', 'nodes')).items.map((node: any) => node.metadata.name).sort();
  const nodesOfPods = async () => {
    const { items } = await cluster.json('get', 'pods', '-l', 'app=web');
    const running = items.filter((pod: any) => pod.status.phase === 'Running' && !pod.metadata.deletionTimestamp);
    return running.map((pod: any) => pod.spec.nodeName);
  };

  test('a removed node is drained first: its pods run elsewhere, and nothing of it is left', async () => {
    const removed = await cluster.zeroplane('node', 'remove', 'node-2');
    expect(removed).toMatchObject({ code: 0 });
    expect(await nodes()).toEqual(['node-1']);
    await eventually(async () => {
      const at = await nodesOfPods();
      return at.length === 4 && at.every((node: string) => node === 'node-1');
    });
    expect((await cluster.zeroplane('status')).stdout).not.toContain('node-2');
  }, 120_000);

  test('an added node takes the free number and is Ready', async () => {
    expect(await cluster.zeroplane('node', 'add')).toMatchObject({ code: 0 });
    expect(await nodes()).toEqual(['node-1', 'node-2']);
    await cluster.kubectl('wait', '--for=condition=Ready', 'node/node-2', '--timeout=30s');
  }, 120_000);

  test('a pod that nobody would start elsewhere keeps its node, unless it is forced', async () => {
    const bare = { spec: { nodeName: 'node-2' } };
    const image = '--image=docker.io/local/guestbook-redis:1';
    expect((await cluster.zeroplane('image', 'load', ...guestbookImages())).code).toBe(0);
    await cluster.kubectl('run', 'bare', image, `--overrides=${JSON.stringify(bare)}`);
    await cluster.kubectl('wait', '--for=condition=Ready', 'pod/bare', '--timeout=60s');
    const refused = await cluster.zeroplane('node', 'remove', 'node-2');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('default/bare');
    expect((await cluster.json('get', 'node', 'node-2')).spec.unschedulable).toBeUndefined();
    expect(await cluster.zeroplane('node', 'remove', 'node-2', '--force')).toMatchObject({ code: 0 });
    expect(await nodes()).toEqual(['node-1']);
  }, 120_000);

  test('the last node cannot be removed, and neither can one that is not there', async () => {
    expect(await cluster.zeroplane('node', 'remove', 'node-1')).toMatchObject({ code: 2 });
    expect(await cluster.zeroplane('node', 'remove', 'node-9')).toMatchObject({ code: 2 });
  });
});
