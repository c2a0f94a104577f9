import { isActive, isReady } from '../../functions/controllers/pod-state.ts';
import type { Deployment } from '../../lib/api/types.ts';
import { deployments, endpointSlices, pods, replicaSets, services } from '../../lib/client/resource-type.ts';
import { type Simulation, simulate } from './control-plane.ts';
import { addNode, kubeletPass } from './fake-kubelet.ts';

const web = { namespace: 'default', name: 'web' };

function deployment(image: string, replicas = 3, spec: Partial<Deployment['spec']> = {}): Deployment {
  return {
    metadata: web,
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image }] } },
      ...spec,
    },
  };
}

/** Lets the cluster work; after every step at least `minReady` pods must be there, and at most `maxPods`. */
async function work(simulation: Simulation, { minReady = 0, maxPods = Infinity, steps = 12, bad = '' } = {}) {
  for (let i = 0; i < steps; i++) {
    await simulation.pass(1000);
    await kubeletPass(simulation.client, new Date(simulation.clock.now()).toISOString(), (image) => image === bad);
    const active = (await simulation.client.list(pods, { namespace: 'default' })).items.filter(isActive);
    expect(active.filter(isReady).length).toBeGreaterThanOrEqual(minReady);
    expect(active.length).toBeLessThanOrEqual(maxPods);
  }
  await simulation.pass(1000);
}

async function images(simulation: Simulation): Promise<(string | undefined)[]> {
  const { items } = await simulation.client.list(pods, { namespace: 'default' });
  return items.filter(isActive).map((pod) => pod.spec?.containers[0]?.image);
}

async function setImage(simulation: Simulation, image: string) {
  const body = { spec: { template: { spec: { containers: [{ name: 'c', image }] } } } };
  await simulation.client.patch(deployments, web, { type: 'merge', body });
}

async function begin(options = {}) {
  const simulation = await simulate({ scheduler: true, ...options });
  await addNode(simulation.client, 'n1');
  await addNode(simulation.client, 'n2');
  await simulation.client.create(deployments, deployment('v1'));
  await work(simulation);
  return simulation;
}

describe('a deployment', () => {
  test('comes up, and its status says so', async () => {
    const simulation = await begin();
    expect(await images(simulation)).toEqual(['v1', 'v1', 'v1']);
    const { status, metadata } = await simulation.client.get(deployments, web);
    expect(status).toMatchObject({
      replicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      updatedReplicas: 3,
    });
    expect(status?.conditions?.map((c) => [c.type, c.status, c.reason]).sort()).toEqual([
      ['Available', 'True', 'MinimumReplicasAvailable'],
      ['Progressing', 'True', 'NewReplicaSetAvailable'],
    ]);
    expect(metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('1');
    expect([metadata.generation, status?.observedGeneration]).toEqual([1, 1]);
    expect(simulation.errors).toEqual([]);
    await simulation.stop();
  });

  test('rolls to a new image within its bounds, and back', async () => {
    const simulation = await begin();
    await setImage(simulation, 'v2');
    await work(simulation, { minReady: 3, maxPods: 4, steps: 20 });
    expect(await images(simulation)).toEqual(['v2', 'v2', 'v2']);
    await setImage(simulation, 'v1');
    await work(simulation, { minReady: 3, maxPods: 4, steps: 20 });
    expect(await images(simulation)).toEqual(['v1', 'v1', 'v1']);
    const { items } = await simulation.client.list(replicaSets, { namespace: 'default' });
    const revisions = items.map(({ metadata }) => metadata.annotations?.['deployment.kubernetes.io/revision']);
    expect(revisions.sort()).toEqual(['2', '3']);
    expect(
      items.some(({ metadata }) => metadata.annotations?.['deployment.kubernetes.io/revision-history'] === '1'),
    ).toBe(true);
    await simulation.stop();
  });

  test('a bad image stops the rollout, and the deadline is reported', async () => {
    const simulation = await begin();
    await setImage(simulation, 'bad');
    await work(simulation, { minReady: 3, maxPods: 4, bad: 'bad' });
    await simulation.pass(700_000);
    const { status } = await simulation.client.get(deployments, web);
    expect(status?.conditions?.find((c) => c.type === 'Progressing')).toMatchObject({
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
    });
    await simulation.stop();
  });

  test('follows its scale, also to nothing', async () => {
    const simulation = await begin();
    for (const replicas of [7, 2, 0, 3]) {
      await simulation.client.patch(deployments, web, { type: 'merge', body: { spec: { replicas } } });
      await work(simulation);
      expect(await images(simulation)).toHaveLength(replicas);
    }
    await simulation.stop();
  });

  test('Recreate never mixes versions', async () => {
    const simulation = await simulate({ scheduler: true });
    await addNode(simulation.client, 'n1');
    await simulation.client.create(deployments, deployment('v1', 3, { strategy: { type: 'Recreate' } }));
    await work(simulation);
    await setImage(simulation, 'v2');
    for (let i = 0; i < 12; i++) {
      await work(simulation, { steps: 1 });
      expect(new Set(await images(simulation)).size).toBeLessThanOrEqual(1);
    }
    expect(await images(simulation)).toEqual(['v2', 'v2', 'v2']);
    await simulation.stop();
  });

  test('paused, it does not roll; resumed, it does', async () => {
    const simulation = await begin();
    await simulation.client.patch(deployments, web, { type: 'merge', body: { spec: { paused: true } } });
    await setImage(simulation, 'v2');
    await work(simulation);
    expect(await images(simulation)).toEqual(['v1', 'v1', 'v1']);
    await simulation.client.patch(deployments, web, { type: 'merge', body: { spec: { paused: false } } });
    await work(simulation, { steps: 20 });
    expect(await images(simulation)).toEqual(['v2', 'v2', 'v2']);
    await simulation.stop();
  });

  test('old revisions beyond the limit are removed', async () => {
    const simulation = await begin();
    await simulation.client.patch(deployments, web, { type: 'merge', body: { spec: { revisionHistoryLimit: 1 } } });
    for (const image of ['v2', 'v3', 'v4']) {
      await setImage(simulation, image);
      await work(simulation, { steps: 20 });
    }
    expect((await simulation.client.list(replicaSets, { namespace: 'default' })).items).toHaveLength(2);
    await simulation.stop();
  });

  test('a pod that is deleted is replaced, and the service follows', async () => {
    const simulation = await begin();
    await simulation.client.create(services, {
      metadata: web,
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    await work(simulation, { steps: 2 });
    const [victim] = (await simulation.client.list(pods, { namespace: 'default' })).items;
    await simulation.client.delete(pods, { namespace: 'default', name: victim!.metadata.name });
    await work(simulation);
    const alive = (await simulation.client.list(pods, { namespace: 'default' })).items;
    expect(alive).toHaveLength(3);
    const { items } = await simulation.client.list(endpointSlices, { namespace: 'default' });
    expect(items).toHaveLength(1);
    expect(items[0]!.ports).toEqual([{ name: '', protocol: 'TCP', port: 8080 }]);
    expect(items[0]!.endpoints!.map((e) => e.targetRef?.name).sort()).toEqual(alive.map((p) => p.metadata.name).sort());
    await simulation.stop();
  });
});
