import { isActive } from '../../functions/controllers/pod-state.ts';
import type { Deployment } from '../../lib/api/types.ts';
import { deployments, nodes, pods } from '../../lib/client/resource-type.ts';
import { type Simulation, simulate } from './control-plane.ts';
import { addNode, heartbeat, kubeletPass } from './fake-kubelet.ts';

const tolerations = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable', 'by-hand'].map((key) => ({
  key,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}));
const web: Deployment = {
  metadata: { namespace: 'default', name: 'web' },
  spec: {
    replicas: 4,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { tolerations, containers: [{ name: 'c', image: 'i' }] } },
  },
};

const time = (simulation: Simulation) => new Date(simulation.clock.now()).toISOString();
const nodesOf = async (simulation: Simulation) => {
  const { items } = await simulation.client.list(pods);
  return items.filter(isActive).map((pod) => pod.spec?.nodeName);
};

async function begin() {
  const simulation = await simulate({ scheduler: true });
  for (const name of ['n1', 'n2']) await addNode(simulation.client, name);
  await simulation.client.create(deployments, web);
  for (let i = 0; i < 4; i++) {
    await simulation.pass(1000);
    await kubeletPass(simulation.client, time(simulation));
  }
  expect(new Set(await nodesOf(simulation))).toEqual(new Set(['n1', 'n2']));
  return simulation;
}

async function silence(simulation: Simulation, name: string, seconds: number) {
  for (let passed = 0; passed < seconds; passed += 10) {
    await simulation.pass(10_000);
    await heartbeat(simulation.client, time(simulation), [name]);
  }
}

describe('a node', () => {
  test('whose agent falls silent turns Unknown, and its pods move after their toleration', async () => {
    const simulation = await begin();
    await silence(simulation, 'n2', 60);
    const node = await simulation.client.get(nodes, { name: 'n2' });
    expect(node.status?.conditions?.find((c) => c.type === 'Ready')).toMatchObject({
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
    });
    expect(node.spec?.taints?.map(({ key, effect }) => [key, effect])).toEqual([
      ['node.kubernetes.io/unreachable', 'NoSchedule'],
      ['node.kubernetes.io/unreachable', 'NoExecute'],
    ]);
    expect(await nodesOf(simulation)).toContain('n2');
    await silence(simulation, 'n2', 310);
    expect(await nodesOf(simulation)).toEqual(['n1', 'n1', 'n1', 'n1']);
    expect(simulation.errors).toEqual([]);
    await simulation.stop();
  });

  test('that is tainted by hand, without a time, loses its pods when they have tolerated it long enough', async () => {
    const simulation = await begin();
    const namesOn = async (node: string) => {
      const { items } = await simulation.client.list(pods, { fieldSelector: `spec.nodeName=${node}` });
      return items.filter(isActive).map(({ metadata }) => metadata.name);
    };
    const taint = { key: 'by-hand', effect: 'NoExecute' };
    await simulation.client.patch(nodes, { name: 'n2' }, { type: 'merge', body: { spec: { taints: [taint] } } });
    await silence(simulation, 'nobody', 290);
    const before = await namesOn('n2');
    expect(before).toHaveLength(2);
    await silence(simulation, 'nobody', 20);
    // Those that take their place may come to the node: they tolerate the taint as long again.
    expect((await namesOn('n2')).filter((name) => before.includes(name))).toEqual([]);
    expect(await nodesOf(simulation)).toHaveLength(4);
    expect(simulation.errors).toEqual([]);
    await simulation.stop();
  });

  test('that comes back in time keeps its pods', async () => {
    const simulation = await begin();
    const before = await nodesOf(simulation);
    await silence(simulation, 'n2', 100);
    await heartbeat(simulation.client, time(simulation));
    const node = await simulation.client.get(nodes, { name: 'n2' });
    const conditions = [{ type: 'Ready', status: 'True' }];
    await simulation.client.update(
      nodes,
      { ...node, status: { ...node.status, conditions } },
      { subresource: 'status' },
    );
    await silence(simulation, '', 400);
    expect((await simulation.client.get(nodes, { name: 'n2' })).spec?.taints).toBeUndefined();
    expect(await nodesOf(simulation)).toEqual(before);
    await simulation.stop();
  });

  test('that is deleted loses its pods after a while', async () => {
    const simulation = await begin();
    await simulation.client.delete(nodes, { name: 'n2' });
    await silence(simulation, '', 60);
    expect(await nodesOf(simulation)).toEqual(['n1', 'n1', 'n1', 'n1']);
    expect((await simulation.client.list(pods)).items).toHaveLength(4);
    await simulation.stop();
  });
});
