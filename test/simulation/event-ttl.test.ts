import { createEventTtlController } from '../../functions/controllers/event-ttl.ts';
import { createRecorder } from '../../lib/client/events.ts';
import { events, namespaces } from '../../lib/client/resource-type.ts';
import { simulate } from './control-plane.ts';

test('an Event goes an hour after it was last seen, not after it was first', async () => {
  const simulation = await simulate({ controllers: (dependencies) => [createEventTtlController(dependencies)] });
  const { client, clock, random } = simulation;
  await client.create(namespaces, { metadata: { name: 'default' } });
  const recorder = createRecorder(client, { component: 'kubelet', clock, random });
  const pod = { kind: 'Pod', apiVersion: 'v1', metadata: { namespace: 'default', name: 'p', uid: 'u' } };
  recorder.normal(pod, 'Once', 'once');
  for (let minute = 0; minute <= 60; minute += 5) {
    recorder.normal(pod, 'Again', 'again and again');
    await simulation.pass(1000);
    await clock.advance(299_000);
  }
  await simulation.pass(600_000);
  const { items } = await client.list(events);
  expect(items.map(({ reason }) => reason)).toEqual(['Again']);
  expect(simulation.errors).toEqual([]);
  await simulation.stop();
});
