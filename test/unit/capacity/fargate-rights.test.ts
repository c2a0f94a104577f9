import { composeApiserver } from '../../../functions/apiserver/compose.ts';
import { createFargate } from '../../../functions/capacity/fargate/fargate.ts';
import { createCaches } from '../../../lib/client/cache.ts';
import { createClient } from '../../../lib/client/create-client.ts';
import { runControllers } from '../../../lib/client/driver.ts';
import { inProcess, serviceAccountUser } from '../../../lib/client/in-process.ts';
import { events, nodes, pods, secrets, serviceAccounts } from '../../../lib/client/resource-type.ts';
import { issueAuthority } from '../../../lib/pki/issue.ts';
import { openMemoryStore } from '../../../lib/storage/embedded/open.ts';
import { SIGNING_KEY } from '../../builders/security.ts';
import { fakeClock, settle } from '../../fakes/clock.ts';
import { seededRandom } from '../../fakes/random.ts';
import { ADMIN } from '../../fakes/real-apiserver.ts';
import { FakeTasks } from '../../fakes/tasks.ts';

async function start() {
  const clock = fakeClock();
  const random = seededRandom(1);
  const authority = await issueAuthority('authority', clock.now());
  const composed = composeApiserver({
    store: await openMemoryStore({ clock }),
    clock,
    random,
    log: () => undefined,
    version: '0.0.0',
    serviceCIDR: '10.96.0.0/16',
    serviceAccountKey: SIGNING_KEY,
    issuer: 'https://kubernetes.default.svc',
    endpoint: { address: '198.18.0.1', port: 6443 },
    capacity: true,
    authorityCertificate: authority.certificate,
    frontProxyCertificate: authority.certificate,
  });
  await composed.bootstrap();
  const clientOf = (user: Parameters<typeof inProcess>[1]) =>
    createClient(inProcess(composed.apiserver.fetch, user), { userAgent: 'test' });
  const client = clientOf(ADMIN);
  const caches = createCaches(client, { clock, random });
  const clientFor = (name: string) => clientOf(serviceAccountUser('kube-system', name));
  const tasks = new FakeTasks(clock);
  const controller = createFargate({ caches, clientFor, clock, random, rootCA: '' }, { tasks, version: 'v1.37.0' });
  const abort = new AbortController();
  const errors: unknown[] = [];
  const running = runControllers([controller], caches, {
    clock,
    random,
    signal: abort.signal,
    onError: (e) => errors.push(e),
  });
  caches.start(abort.signal);
  const work = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      for (let turn = 0; turn < 60; turn++) await settle();
      await clock.advance(1000);
    }
  };
  return {
    client,
    tasks,
    errors,
    work,
    async stop() {
      abort.abort();
      await running;
    },
  };
}

test('the virtual node has the rights that it needs, as the cluster’s own roles give them', async () => {
  const { client, tasks, errors, work, stop } = await start();
  await work(5);
  await client.get(nodes, { name: 'fargate' });
  const ref = { namespace: 'kube-system', name: 'p' };
  await client.create(secrets, { metadata: { namespace: 'kube-system', name: 's' }, stringData: { k: 'v' } });
  const env = [{ name: 'S', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }];
  const spec = { nodeName: 'fargate', containers: [{ name: 'c', image: 'i', env }], serviceAccountName: 'p' };
  await client.create(serviceAccounts, { metadata: ref });
  await client.create(pods, { metadata: ref, spec });
  await work(5);
  tasks.settle();
  await work(15);
  expect((await client.get(pods, ref)).status!.phase).toBe('Running');
  expect((await client.list(events, { namespace: 'kube-system' })).items.map(({ reason }) => reason)).toContain(
    'TaskStarted',
  );
  await client.delete(pods, ref);
  await work(5);
  tasks.settle();
  await work(15);
  expect((await client.list(pods)).items).toEqual([]);
  expect(errors).toEqual([]);
  await stop();
});
