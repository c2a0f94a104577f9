import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, guestbookImages, TestCluster } from './cluster.ts';

describe('a cluster of two nodes', () => {
  const cluster = new TestCluster('healing');
  beforeAll(async () => {
    await cluster.up('--nodes', '2');
    await cluster.zeroplane('image', 'load', guestbookImages()[0]!);
  }, 120_000);
  afterAll(() => cluster.delete(), 60_000);

  test('replaces the pods of a node whose agent was killed on the other node, and takes the node back when its agent returns', async () => {
    await cluster.kubectl('create', 'deployment', 'cache', '--image=docker.io/local/guestbook-redis:1', '--replicas=2');
    // As a Deployment that is in a hurry: the default toleration waits five minutes.
    const tolerations = ['not-ready', 'unreachable'].map((key) => ({
      key: `node.kubernetes.io/${key}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 1,
    }));
    await cluster.kubectl(
      'patch',
      'deployment',
      'cache',
      '-p',
      JSON.stringify({ spec: { template: { spec: { tolerations } } } }),
    );
    await cluster.kubectl('rollout', 'status', 'deployment/cache', '--timeout=120s');
    const pods = (await cluster.json('get', 'pods', '-l', 'app=cache')).items.filter(
      (p: any) => !p.metadata.deletionTimestamp,
    );
    expect(new Set(pods.map((p: any) => p.spec.nodeName)).size).toBe(2);
    const victim: string = pods[0].spec.nodeName;
    const other: string = pods[1].spec.nodeName;
    process.kill(
      Number(
        readFileSync(join(cluster.stateDir, 'nodes', victim, 'agent.pid'), 'utf8')
          .trim()
          .split(/\s/)[0],
      ),
      'SIGKILL',
    );
    await eventually(async () => readyCondition(await cluster.json('get', 'node', victim)) === 'Unknown', 120_000);
    await eventually(async () => {
      const running = (await cluster.json('get', 'pods', '-l', 'app=cache')).items.filter(
        (p: any) => !p.metadata.deletionTimestamp && p.status.phase === 'Running',
      );
      return running.length === 2 && running.every((p: any) => p.spec.nodeName === other);
    }, 120_000);
    // `up` on a cluster with a dead part brings that part back.
    await cluster.up();
    await eventually(async () => readyCondition(await cluster.json('get', 'node', victim)) === 'True');
    await eventually(async () => (await cluster.json('get', 'pods', '-l', 'app=cache')).items.length === 2);
  }, 400_000);
});

function readyCondition(node: any): string {
  return node.status.conditions.find((c: any) => c.type === 'Ready')?.status;
}
