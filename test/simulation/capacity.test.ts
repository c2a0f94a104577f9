import claimDefinition from '../../functions/apiserver/bootstrap/data/node-claims.json' with { type: 'json' };
import poolDefinition from '../../functions/apiserver/bootstrap/data/node-pools.json' with { type: 'json' };
import { type NodePool, nodeClaims, nodePools } from '../../functions/capacity/api.ts';
import { createCapacity } from '../../functions/capacity/capacity.ts';
import { heed } from '../../functions/capacity/interruption.ts';
import { createControllers } from '../../functions/controllers/index.ts';
import { isActive } from '../../functions/controllers/pod-state.ts';
import {
  customResourceDefinitions,
  deployments,
  nodes,
  podDisruptionBudgets,
  pods,
} from '../../lib/client/resource-type.ts';
import type { InstanceType } from '../../lib/cloud/instances.ts';
import { FakeInstances } from '../fakes/instances.ts';
import { simulate } from './control-plane.ts';
import { kubeletPass } from './fake-kubelet.ts';

const machine = (name: string, cpus: number, price: number): InstanceType => ({
  name,
  architecture: 'amd64',
  milliCpus: cpus * 1000,
  memoryBytes: cpus * 4 * 1024 ** 3,
  maxPods: 29,
  gpus: 0,
  offerings: [{ zone: 'r-1a', capacityType: 'on-demand', dollarsPerHour: price }],
});

async function start(spec: Partial<NodePool['spec']> = {}) {
  const instances = new FakeInstances([machine('m.large', 2, 0.1), machine('m.xlarge', 4, 0.21)]);
  const simulation = await simulate({
    scheduler: true,
    controllers: (dependencies) => [...createControllers(dependencies), ...createCapacity(dependencies, instances)],
  });
  const { client, clock } = simulation;
  for (const definition of [poolDefinition, claimDefinition])
    await client.create(customResourceDefinitions, definition as never);
  await client.create(nodePools, { metadata: { name: 'default' }, spec: { template: { spec: {} }, ...spec } });
  const work = async (steps: number, stepMs = 1000) => {
    for (let i = 0; i < steps; i++) {
      await simulation.pass(stepMs);
      await instances.join(client);
      await kubeletPass(client, new Date(clock.now()).toISOString());
    }
  };
  // Caches of custom resources are filled once those are served.
  await work(40);
  return { ...simulation, instances, work };
}

type Started = Awaited<ReturnType<typeof start>>;

const web = { namespace: 'default', name: 'web' };

async function deploy({ client }: Started, replicas: number, cpu = '900m'): Promise<void> {
  await client.create(deployments, {
    metadata: web,
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu } } }] },
      },
    },
  });
}

const scale = ({ client }: Started, replicas: number) =>
  client.patch(deployments, web, { type: 'merge', body: { spec: { replicas } } });

async function running({ client }: Started): Promise<string[]> {
  const { items } = await client.list(pods, { namespace: 'default' });
  return items.filter((pod) => isActive(pod) && pod.status?.phase === 'Running').map(({ spec }) => spec!.nodeName!);
}

async function nodeNames({ client }: Started): Promise<string[]> {
  return (await client.list(nodes)).items.map(({ metadata }) => metadata.name);
}

describe('capacity', () => {
  test('pods that fit nowhere get machines that join, dressed as their pool says', async () => {
    const taints = [{ key: 'team', value: 'x', effect: 'PreferNoSchedule' }];
    const template = { metadata: { labels: { tier: 'web' } }, spec: { taints } };
    const started = await start({ template });
    await deploy(started, 5);
    await started.work(30);
    expect(await running(started)).toHaveLength(5);
    const { items } = await started.client.list(nodes);
    expect(items[0]!.metadata.labels).toMatchObject({ tier: 'web', 'zeroplane.dev/nodepool': 'default' });
    expect(items[0]!.spec!.taints).toEqual(taints);
    const claims = (await started.client.list(nodeClaims)).items;
    expect(claims.map(({ status }) => status?.nodeName).sort()).toEqual((await nodeNames(started)).sort());
    expect(started.instances.launches).toHaveLength(claims.length);
    expect(started.errors).toEqual([]);
    await started.stop();
  });

  test('a machine that has registered and is not ready yet is counted on', async () => {
    const started = await start();
    await deploy(started, 1);
    while ((await nodeNames(started)).length === 0) await started.work(1);
    await scale(started, 2);
    await started.work(30);
    expect(await running(started)).toHaveLength(2);
    expect(started.instances.launches).toHaveLength(1);
    await started.stop();
  });

  test('machines that nobody needs end, and nothing is left of them', async () => {
    const started = await start();
    await deploy(started, 4);
    await started.work(30);
    await scale(started, 0);
    await started.work(60, 5000);
    expect(started.instances.alive).toEqual([]);
    expect(await nodeNames(started)).toEqual([]);
    expect((await started.client.list(nodeClaims)).items).toEqual([]);
    await started.stop();
  });

  test('an empty node goes when its pool says so: no later, and at once when the pool changes its mind', async () => {
    const started = await start({ disruption: { consolidateAfter: '10m' } });
    await deploy(started, 1);
    await started.work(30);
    await scale(started, 0);
    await started.work(45, 10_000);
    expect(started.instances.alive).toHaveLength(1);
    await started.client.patch(
      nodePools,
      { name: 'default' },
      {
        type: 'merge',
        body: { spec: { disruption: { consolidateAfter: '5m' } } },
      },
    );
    await started.work(10);
    expect(started.instances.alive).toEqual([]);
    await started.stop();
  });

  test('a node whose pods fit elsewhere is drained and ended; its pods run on', async () => {
    const started = await start();
    await deploy(started, 6);
    await started.work(30);
    const before = started.instances.alive.length;
    await scale(started, 2);
    await started.work(80, 5000);
    expect(started.instances.alive.length).toBeLessThan(before);
    expect(started.instances.alive).toHaveLength(1);
    expect(await running(started)).toHaveLength(2);
    await started.stop();
  });

  test('a budget that allows no disruption keeps a node', async () => {
    const started = await start();
    await deploy(started, 6);
    await started.work(30);
    await scale(started, 2);
    await started.client.create(podDisruptionBudgets, {
      metadata: { namespace: 'default', name: 'web' },
      spec: { minAvailable: 2, selector: { matchLabels: { app: 'web' } } },
    });
    await started.work(60, 5000);
    const used = new Set(await running(started));
    expect(new Set(started.instances.alive)).toEqual(used);
    await started.stop();
  });

  test('a type that is sold out is left for another', async () => {
    const started = await start();
    started.instances.soldOut.add('m.large');
    await deploy(started, 1);
    await started.work(30);
    expect(await running(started)).toHaveLength(1);
    expect(started.instances.launches.map(({ instanceType }) => instanceType)).toEqual(['m.large', 'm.xlarge']);
    await started.stop();
  });

  test('an interrupted machine is drained, its pods find another, and it ends', async () => {
    const started = await start();
    await deploy(started, 1);
    await started.work(30);
    const [first] = started.instances.alive;
    const detail = { 'instance-id': first! };
    await heed(
      { source: 'aws.ec2', 'detail-type': 'EC2 Spot Instance Interruption Warning', detail },
      started.client,
      started.clock,
    );
    await started.work(40);
    const [now] = await running(started);
    expect(now).toBeDefined();
    expect(now).not.toBe(first);
    expect(started.instances.alive).toEqual([now]);
    await started.stop();
  });

  test('a machine that never joins is given up, and its pods get another', async () => {
    const started = await start();
    await deploy(started, 1);
    // Nothing joins.
    for (let i = 0; i < 200; i++) await started.pass(5000);
    expect(started.instances.launches.length).toBeGreaterThan(1);
    expect(started.instances.alive).toHaveLength(1);
    await started.stop();
  });

  test('a machine that nobody waits for any more ends though it has not joined, and keeps no other from ending', async () => {
    const started = await start();
    await deploy(started, 1);
    await started.work(30);
    await scale(started, 4);
    await started.pass(15_000);
    expect(started.instances.alive.length).toBeGreaterThan(1);
    await scale(started, 0);
    // What has not joined by now never does.
    for (let i = 0; i < 60; i++) {
      await started.pass(5000);
      await kubeletPass(started.client, new Date(started.clock.now()).toISOString());
    }
    expect(started.instances.alive).toEqual([]);
    await started.stop();
  });

  test('a machine that was ended by somebody else is noticed, and its pods run elsewhere', async () => {
    const started = await start();
    await deploy(started, 1);
    await started.work(30);
    const [first] = started.instances.alive;
    await started.instances.terminate(first!);
    await started.client.delete(nodes, { name: first! });
    await started.work(60, 2000);
    expect(await running(started)).toHaveLength(1);
    expect((await started.client.list(nodeClaims)).items).toHaveLength(1);
    await started.stop();
  });

  test('nodes are replaced when they are too old', async () => {
    const started = await start({ template: { spec: { expireAfter: '10m' } } });
    await deploy(started, 1);
    await started.work(30);
    const [first] = started.instances.alive;
    await started.work(150, 5000);
    expect(started.instances.alive).toHaveLength(1);
    expect(started.instances.alive).not.toContain(first);
    expect(await running(started)).toHaveLength(1);
    await started.stop();
  });
});
