import type { OwnerReference } from '../../lib/api/types.ts';
import { deployments, pods, replicaSets } from '../../lib/client/resource-type.ts';
import { type Simulation, simulate } from './control-plane.ts';
import { addNode, kubeletPass } from './fake-kubelet.ts';

const ref = { namespace: 'default', name: 'web' };

async function begin() {
  const simulation = await simulate({ scheduler: true });
  await addNode(simulation.client, 'n1');
  await simulation.client.create(deployments, {
    metadata: ref,
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  });
  await work(simulation, 4);
  return simulation;
}

async function work(simulation: Simulation, steps: number) {
  for (let i = 0; i < steps; i++) {
    await simulation.pass(1000);
    await kubeletPass(simulation.client, new Date(simulation.clock.now()).toISOString());
  }
  await simulation.pass(1000);
}

const count = async ({ client }: Simulation) => [
  (await client.list(deployments)).items.length,
  (await client.list(replicaSets)).items.length,
  (await client.list(pods)).items.length,
];

describe('garbage collector', () => {
  test('what a deployment made goes with it', async () => {
    const simulation = await begin();
    expect(await count(simulation)).toEqual([1, 1, 3]);
    await simulation.client.delete(deployments, ref, { propagationPolicy: 'Background' });
    await work(simulation, 6);
    expect(await count(simulation)).toEqual([0, 0, 0]);
    expect(simulation.errors).toEqual([]);
    await simulation.stop();
  });

  test('in the foreground the deployment goes last', async () => {
    const simulation = await begin();
    await simulation.client.delete(deployments, ref, { propagationPolicy: 'Foreground' });
    await simulation.pass(1000);
    expect(await count(simulation)).toEqual([1, 1, 3]);
    await work(simulation, 8);
    expect(await count(simulation)).toEqual([0, 0, 0]);
    await simulation.stop();
  });

  test('orphaned, the replicas stay', async () => {
    const simulation = await begin();
    await simulation.client.delete(deployments, ref, { propagationPolicy: 'Orphan' });
    await work(simulation, 6);
    expect(await count(simulation)).toEqual([0, 1, 3]);
    const [set] = (await simulation.client.list(replicaSets)).items;
    expect(set!.metadata.ownerReferences ?? []).toEqual([]);
    await simulation.stop();
  });

  test('an object whose owner never was is deleted; one with another owner left only loses the reference', async () => {
    const simulation = await begin();
    const [set] = (await simulation.client.list(replicaSets)).items;
    const owner = (name: string, uid: string): OwnerReference => ({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name,
      uid,
    });
    const alive = owner(set!.metadata.name, set!.metadata.uid);
    const gone = owner('never', 'never');
    const create = (name: string, ownerReferences: OwnerReference[]) =>
      simulation.client.create(pods, {
        metadata: { namespace: 'default', name, ownerReferences },
        spec: { containers: [{ name: 'c', image: 'i' }] },
      });
    await create('lost', [gone]);
    await create('shared', [gone, alive]);
    await work(simulation, 2);
    const { items } = await simulation.client.list(pods);
    expect(items.map((pod) => pod.metadata.name)).not.toContain('lost');
    expect(items.find((pod) => pod.metadata.name === 'shared')!.metadata.ownerReferences).toEqual([alive]);
    await simulation.stop();
  });
});
