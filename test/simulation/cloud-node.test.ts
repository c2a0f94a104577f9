import type { CloudInstance, CloudNodes } from '../../functions/controllers/dependencies.ts';
import { createCloudNodeControllers } from '../../functions/controllers/node/cloud-node.ts';
import { QUEUE_ANNOTATION } from '../../lib/api/annotations.ts';
import { nodes } from '../../lib/client/resource-type.ts';
import { simulate } from './control-plane.ts';

/** A cloud in memory. */
function cloudOf(instances: Map<string, CloudInstance>, queues: Set<string>): CloudNodes {
  return {
    instance: async ({ metadata }) => instances.get(metadata!.name!),
    async ensureQueue(name) {
      queues.add(name);
      return `https://sqs/${name}`;
    },
    removeQueue: async (name) => void queues.delete(name),
    queues: async () => [...queues],
  };
}

async function start(queues: string[] = []) {
  const instances = new Map([['i-1', { addresses: ['10.0.0.7'], shutdown: false }]]);
  const present = new Set(queues);
  const cloud = cloudOf(instances, present);
  const simulation = await simulate({ controllers: (given) => createCloudNodeControllers(given, cloud) });
  const { client } = simulation;
  await client.create(nodes, { metadata: { name: 'i-1' } });
  const say = async (status: string) => {
    const body = { status: { conditions: [{ type: 'Ready', status }] } };
    await client.patch(nodes, { name: 'i-1' }, { type: 'merge', body }, { subresource: 'status' });
    await simulation.pass();
  };
  await say('True');
  const names = async () => (await client.list(nodes)).items.map(({ metadata }) => metadata.name);
  return { simulation, instances, queues: present, say, names };
}

test('a node that joins gets a queue and is told where it is; with the node it goes', async () => {
  const { simulation, queues } = await start();
  const { metadata } = await simulation.client.get(nodes, { name: 'i-1' });
  expect(metadata.annotations?.[QUEUE_ANNOTATION]).toBe('https://sqs/i-1');
  await simulation.client.delete(nodes, { name: 'i-1' });
  await simulation.pass();
  expect([...queues]).toEqual([]);
  await simulation.stop();
});

test('queues that an earlier run left behind go, those of nodes stay', async () => {
  const { simulation, queues } = await start(['i-0', 'i-1']);
  expect([...queues]).toEqual(['i-1']);
  await simulation.stop();
});

test('a silent node stays while its instance is there, and goes when that has ended', async () => {
  const { simulation, instances, say, names } = await start();
  await say('Unknown');
  expect(await names()).toEqual(['i-1']);
  instances.delete('i-1');
  await simulation.pass(60_000);
  expect(await names()).toEqual([]);
  expect(simulation.errors).toEqual([]);
  await simulation.stop();
});

test('a node that answers is not looked up, whatever the cloud would say', async () => {
  const { simulation, instances, names } = await start();
  instances.delete('i-1');
  await simulation.pass(120_000);
  expect(await names()).toEqual(['i-1']);
  await simulation.stop();
});

test('a node whose instance is stopped is tainted until it is back', async () => {
  const { simulation, instances, say } = await start();
  const taints = async () => (await simulation.client.get(nodes, { name: 'i-1' })).spec?.taints ?? [];
  instances.set('i-1', { addresses: [], shutdown: true });
  await say('Unknown');
  expect(await taints()).toEqual([{ key: 'node.cloudprovider.kubernetes.io/shutdown', effect: 'NoSchedule' }]);
  await say('True');
  expect(await taints()).toEqual([]);
  await simulation.stop();
});
