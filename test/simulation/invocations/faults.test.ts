import { isActive, isReady } from '../../../functions/controllers/pod-state.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { Pod } from '../../../lib/api/types.ts';
import {
  configMaps,
  deployments,
  endpointSlices,
  jobs,
  namespaces,
  pods,
  replicaSets,
  services,
  statefulSets,
} from '../../../lib/client/resource-type.ts';
import { addNode, kubeletPass } from '../fake-kubelet.ts';
import { type InvokedControlPlane, invokedControlPlane } from './control-plane.ts';
import { PROMPT } from './event-source.ts';
import { SOUND } from './instance.ts';

/** Minutes of simulated faults take their time on a busy machine; nothing here waits for a clock. */
jest.setTimeout(300_000);

const REPLICAS = 4;
const SURGE = 1;
const COMPLETIONS = 6;
const at = (name: string) => ({ namespace: 'default', name });

async function begin({ client }: InvokedControlPlane): Promise<void> {
  for (const name of ['default', 'doomed', 'kube-node-lease']) await client.create(namespaces, { metadata: { name } });
  for (const name of ['n1', 'n2']) await addNode(client, name);
  const template = (app: string, restartPolicy = 'Always') => ({
    metadata: { labels: { app } },
    spec: { restartPolicy, containers: [{ name: 'c', image: 'v0' }] },
  });
  const rollingUpdate = { maxSurge: SURGE, maxUnavailable: 1 };
  const strategy = { type: 'RollingUpdate', rollingUpdate };
  const selector = (app: string) => ({ matchLabels: { app } });
  await client.create(deployments, {
    metadata: at('web'),
    spec: { replicas: REPLICAS, selector: selector('web'), strategy, template: template('web') },
  });
  await client.create(services, { metadata: at('web'), spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } });
  await client.create(statefulSets, {
    metadata: at('db'),
    spec: { replicas: 3, serviceName: 'db', selector: selector('db'), template: template('db') },
  });
  await client.create(jobs, {
    metadata: at('once'),
    spec: { completions: COMPLETIONS, parallelism: 2, template: template('once', 'Never') },
  });
  await client.create(deployments, {
    metadata: { namespace: 'doomed', name: 'web' },
    spec: { replicas: 2, selector: selector('web'), template: template('web') },
  });
  const { metadata } = await client.create(configMaps, { metadata: at('owner') });
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: metadata.uid }];
  await client.create(configMaps, { metadata: { ...at('owned'), ownerReferences } });
}

/** Half-way everything changes: an image, the size of a set, an owner and a namespace go. */
async function change({ client }: InvokedControlPlane): Promise<void> {
  const containers = [{ name: 'c', image: 'v1' }];
  const body = { spec: { template: { spec: { containers } } } };
  await client.patch(deployments, at('web'), { type: 'merge', body });
  await client.patch(statefulSets, at('db'), { type: 'merge', body: { spec: { replicas: 2 } } });
  await client.delete(configMaps, at('owner'));
  await client.delete(namespaces, { name: 'doomed' });
}

/** The nodes' part: pods run, and those of the job end. */
async function nodesPass({ client, clock }: InvokedControlPlane): Promise<void> {
  await kubeletPass(client, new Date(clock.now()).toISOString());
  const { items } = await client.list(pods, { labelSelector: 'app=once' });
  for (const pod of items.filter(({ status }) => status?.phase === 'Running')) {
    try {
      await client.update(pods, { ...pod, status: { ...pod.status, phase: 'Succeeded' } } as Pod, {
        subresource: 'status',
      });
    } catch (error) {
      if (!isReason(error, 'Conflict', 'NotFound')) throw error;
    }
  }
}

/** What must hold at any time, whatever went wrong. */
async function check({ client, clock }: InvokedControlPlane, seed: number): Promise<void> {
  const note = `seed ${seed}, at ${clock.now()}`;
  const sets = (await client.list(replicaSets, { namespace: 'default' })).items;
  const size = sets.reduce((sum, { spec }) => sum + (spec.replicas ?? 1), 0);
  expect([note, size]).toEqual([note, Math.min(size, REPLICAS + SURGE)]);
  for (const set of sets) {
    const { items } = await client.list(pods, { namespace: 'default', labelSelector: 'app=web' });
    const own = items.filter((pod) => isActive(pod) && pod.metadata.ownerReferences?.[0]?.uid === set.metadata.uid);
    expect([note, own.length]).toEqual([note, Math.min(own.length, REPLICAS + SURGE)]);
  }
}

/** How many pods the log says were ever made for the job. */
function countPods(plane: InvokedControlPlane): () => Promise<number> {
  let seen = 0;
  let count = 0;
  return async () => {
    const { changes, revision } = await plane.store.changes(seen);
    seen = revision;
    count += changes.filter(({ type, key }) => type === 'created' && key.startsWith('pods/default/once-')).length;
    return count;
  };
}

async function expectArrived({ client, controllers, scheduler }: InvokedControlPlane): Promise<void> {
  const { items } = await client.list(pods, { namespace: 'default' });
  const of = (app: string) => items.filter((pod) => pod.metadata.labels?.['app'] === app && isActive(pod));
  const seen = of('web').map((pod) => [isReady(pod), pod.spec?.containers[0]?.image]);
  expect(seen).toEqual(Array.from({ length: REPLICAS }, () => [true, 'v1']));
  expect(
    of('db')
      .map(({ metadata }) => metadata.name)
      .sort(),
  ).toEqual(['db-0', 'db-1']);
  expect(of('db').every(isReady)).toBe(true);
  expect((await client.get(jobs, at('once'))).status).toMatchObject({ succeeded: COMPLETIONS });
  const slices = (await client.list(endpointSlices, { namespace: 'default' })).items;
  const addresses = slices.flatMap(({ endpoints }) => endpoints ?? []).flatMap((endpoint) => endpoint.addresses);
  expect(addresses.sort()).toEqual(
    of('web')
      .map(({ status }) => status?.podIP)
      .sort(),
  );
  expect((await client.list(configMaps, { namespace: 'default' })).items.map(({ metadata }) => metadata.name)).toEqual([
    'kube-root-ca.crt',
  ]);
  expect((await client.list(namespaces)).items.map(({ metadata }) => metadata.name)).toEqual([
    'default',
    'kube-node-lease',
  ]);
  // What made no sense was put aside, and held up nothing.
  for (const one of [controllers, scheduler]) expect(one.dead.every((record: any) => record.poison)).toBe(true);
}

describe('the control plane driven by invocations', () => {
  test.each([1, 2, 3, 4])(
    'among faults of streams and processes arrives, and makes nothing twice (seed %d)',
    async (seed) => {
      const streamFaults = { duplicate: 0.3, delay: 0.3, away: 0.05, poison: 0.05 };
      const faults = { lostRequest: 0.05, lostReply: 0.05, freeze: 0.002, kill: 0.002 };
      const plane = await invokedControlPlane({ seed, streamFaults, faults });
      const jobPods = countPods(plane);
      await begin(plane);
      for (let i = 0; i < 50; i++) {
        if (i === 20) await change(plane);
        await plane.pass(5000);
        await nodesPass(plane);
        await check(plane, seed);
        await jobPods();
      }
      Object.assign(streamFaults, PROMPT);
      Object.assign(faults, SOUND);
      for (let i = 0; i < 200; i++) {
        await plane.pass(5000);
        await nodesPass(plane);
        await jobPods();
      }
      await expectArrived(plane);
      expect(await jobPods()).toBe(COMPLETIONS);
      // No key was forgotten: whoever looks at all of them finds nothing to do.
      const revision = await plane.store.revision('');
      await plane.reconcileEverything();
      expect((await plane.store.changes(revision)).changes.map(({ type, key }) => [type, key])).toEqual([]);
    },
  );
});
