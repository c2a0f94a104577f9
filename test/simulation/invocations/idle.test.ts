import {
  deployments,
  events,
  horizontalPodAutoscalers,
  jobs,
  namespaces,
  nodes,
  pods,
  resourceQuotas,
} from '../../../lib/client/resource-type.ts';
import { addNode, kubeletPass } from '../fake-kubelet.ts';
import { type InvokedControlPlane, invokedControlPlane } from './control-plane.ts';

jest.setTimeout(120_000);

/** Everything that a namespace may hold and that some controller keeps an eye on. */
async function fill({ client }: InvokedControlPlane): Promise<void> {
  for (const name of ['default', 'kube-node-lease']) await client.create(namespaces, { metadata: { name } });
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'v0' }] } };
  await client.create(deployments, {
    metadata: { namespace: 'default', name: 'web' },
    spec: { replicas: 2, selector: { matchLabels: labels }, template },
  });
  await client.create(jobs, {
    metadata: { namespace: 'default', name: 'once' },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'v0' }] } } },
  });
  await client.create(resourceQuotas, {
    metadata: { namespace: 'default', name: 'q' },
    spec: { hard: { pods: '10' } },
  });
  await client.create(horizontalPodAutoscalers, {
    metadata: { namespace: 'default', name: 'web' },
    spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
  });
}

test('without nodes nothing is invoked once what expires has expired, however much waits to run', async () => {
  const plane = await invokedControlPlane();
  await fill(plane);
  await plane.pass(30_000);
  expect((await plane.client.list(pods)).items).toHaveLength(3);
  // Events are gone after an hour and a bit; the sweep finds its checkpoint older than the log, and looks at everything once more.
  await plane.pass(3 * 3_600_000);
  expect((await plane.client.list(events)).items).toEqual([]);
  const before = [plane.invocations(), await plane.store.revision('')];
  await plane.pass(3_600_000);
  expect([plane.invocations(), await plane.store.revision('')]).toEqual(before);
  expect([plane.controllers.wakes.isOn, plane.scheduler.wakes.isOn]).toEqual([false, false]);
});

test('a node that falls silent is noticed by a wake, and wakes end with the last node', async () => {
  const plane = await invokedControlPlane();
  const { client, clock } = plane;
  await fill(plane);
  await addNode(client, 'n1');
  for (let i = 0; i < 10; i++) {
    await plane.pass(5000);
    await kubeletPass(client, new Date(clock.now()).toISOString());
  }
  const ready = async () =>
    (await client.get(nodes, { name: 'n1' })).status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  expect(await ready()).toBe('True');
  await plane.pass(70_000);
  expect(await ready()).toBe('Unknown');
  await client.delete(nodes, { name: 'n1' });
  await plane.pass(600_000);
  const { keys } = plane.controllers.state.checkpoint!;
  expect(keys.map(({ controller }) => controller)).not.toContain('node-lifecycle');
});
