import { isActive, isReady } from '../../functions/controllers/pod-state.ts';
import type { Deployment } from '../../lib/api/types.ts';
import { deployments, pods, replicaSets } from '../../lib/client/resource-type.ts';
import { seededRandom } from '../fakes/random.ts';
import { type Simulation, simulate } from './control-plane.ts';
import { addNode, kubeletPass } from './fake-kubelet.ts';

const REPLICAS = 6;
const SURGE = 1;
const web = { namespace: 'default', name: 'web' };
const deployment: Deployment = {
  metadata: web,
  spec: {
    replicas: REPLICAS,
    selector: { matchLabels: { app: 'web' } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: SURGE, maxUnavailable: 1 } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'v0' }] } },
  },
};

async function step(simulation: Simulation) {
  await simulation.pass(1000);
  await kubeletPass(simulation.client, new Date(simulation.clock.now()).toISOString());
}

/**
 * What must hold whatever went wrong: the sizes that the deployment gives its sets stay within replicas and surge, and no
 * pod is without a set. (Pods may be more for a while: a set that shrinks on a late view still has them.)
 */
async function check(simulation: Simulation, seed: number, size: { max: number }) {
  const { items } = await simulation.client.list(replicaSets);
  const note = `seed ${seed}, at ${simulation.clock.now()}`;
  const total = items.reduce((sum, { spec }) => sum + (spec.replicas ?? 1), 0);
  expect([note, total]).toEqual([note, Math.min(total, size.max)]);
  const owners = new Set(items.map(({ metadata }) => metadata.uid));
  const active = (await simulation.client.list(pods)).items.filter(isActive);
  const strays = active.filter((pod) => !owners.has(pod.metadata.ownerReferences?.[0]?.uid ?? ''));
  expect([note, strays]).toEqual([note, []]);
}

/** Random orders to the deployment, by dice: a new image, another size, a pod killed. */
async function disturb(simulation: Simulation, dice: ReturnType<typeof seededRandom>, size: { max: number }) {
  const kind = dice.next();
  if (kind < 0.15) {
    const containers = [{ name: 'c', image: `v${Math.floor(dice.next() * 3)}` }];
    await simulation.client.patch(deployments, web, {
      type: 'merge',
      body: { spec: { template: { spec: { containers } } } },
    });
  } else if (kind < 0.3) {
    const replicas = Math.floor(dice.next() * REPLICAS) + 1;
    size.max = Math.max(size.max, replicas + SURGE);
    await simulation.client.patch(deployments, web, { type: 'merge', body: { spec: { replicas } } });
  } else if (kind < 0.5) {
    const { items } = await simulation.client.list(pods);
    const victim = items[Math.floor(dice.next() * items.length)];
    if (victim) await simulation.client.delete(pods, { namespace: 'default', name: victim.metadata.name });
  }
}

/** Two simulated minutes take their time on a busy machine; nothing here waits for a clock. */
jest.setTimeout(60_000);

describe('a deployment among faults', () => {
  test.each([1, 2, 3])('keeps its bounds, and arrives once they end (seed %d)', async (seed) => {
    const faults = { lostRequest: 0.1, lostReply: 0.1, conflict: 0.1 };
    const lag = { maxMs: 1500 };
    const simulation = await simulate({ seed, scheduler: true, faults, lag });
    const dice = seededRandom(seed);
    for (const name of ['n1', 'n2', 'n3']) await addNode(simulation.client, name);
    await simulation.client.create(deployments, deployment);
    const size = { max: REPLICAS + SURGE };
    for (let i = 0; i < 40; i++) {
      await step(simulation);
      await disturb(simulation, dice, size);
      await check(simulation, seed, size);
    }
    Object.assign(faults, { lostRequest: 0, lostReply: 0, conflict: 0 });
    lag.maxMs = 0;
    for (let i = 0; i < 40; i++) await step(simulation);
    const wanted = (await simulation.client.get(deployments, web)).spec;
    const active = (await simulation.client.list(pods)).items.filter(isActive);
    const image = wanted.template.spec?.containers[0]?.image;
    expect(active.map((pod) => [isReady(pod), pod.spec?.containers[0]?.image])).toEqual(
      Array.from({ length: wanted.replicas! }, () => [true, image]),
    );
    await simulation.stop();
  });
});
