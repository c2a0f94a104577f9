import { pods, replicaSets } from '../../lib/client/resource-type.ts';
import { simulate } from './control-plane.ts';

test('who waits for a pod to go by its name does not meet its successor', async () => {
  const simulation = await simulate();
  const { client } = simulation;
  await client.create(replicaSets, {
    metadata: { namespace: 'default', name: 'web' },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  });
  const seen: string[] = [];
  for (let i = 0; i < 4; i++) {
    await simulation.pass(1000);
    const { items } = await client.list(pods);
    expect(items).toHaveLength(1);
    seen.push(items[0]!.metadata.name);
    await client.delete(pods, { namespace: 'default', name: items[0]!.metadata.name }, { gracePeriodSeconds: 0 });
  }
  expect(new Set(seen).size).toBe(4);
  await simulation.stop();
});
