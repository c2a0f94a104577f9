import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RuntimeError } from '../../../agent/runtime-contract.ts';
import type { Stored } from '../../../lib/api/object.ts';
import type { Pod } from '../../../lib/api/types.ts';
import { configMaps, events, pods, secrets } from '../../../lib/client/resource-type.ts';
import { type NodeUnderTest, nodeUnderTest } from './node-under-test.ts';

let node: NodeUnderTest;
beforeEach(async () => {
  node = await nodeUnderTest();
});
afterEach(() => node.end());

const phase = (wanted: string) => (pod: Stored<Pod> | undefined) => pod?.status?.phase === wanted;
const gone = (pod: Stored<Pod> | undefined) => pod === undefined;
const waitingFor = (reason: string) => (pod: Stored<Pod> | undefined) =>
  pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason === reason;
const isReady = (pod: Stored<Pod> | undefined) =>
  pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

it('runs a pod and reports it as kubelet does', async () => {
  await node.create({ metadata: { name: 'web' } });
  const { status } = await node.until('web', isReady);
  expect(status).toMatchObject({
    phase: 'Running',
    qosClass: 'BestEffort',
    hostIP: '192.0.2.10',
    observedGeneration: 1,
  });
  expect(status?.podIP).toMatch(/^10\.244\.0\./);
  expect(status?.podIPs).toEqual([{ ip: status?.podIP }]);
  expect(status?.containerStatuses?.[0]).toMatchObject({ ready: true, started: true, restartCount: 0, image: 'i' });
  expect(status?.conditions?.map(({ type, status: value }) => `${type}=${value}`)).toEqual([
    'PodReadyToStartContainers=True',
    'Initialized=True',
    'Ready=True',
    'ContainersReady=True',
    'PodScheduled=True',
  ]);
  expect(await node.eventReasons()).toEqual(['Pulled', 'Created', 'Started']);
});

it('tells of a sandbox that the runtime cannot make, as kubelet words it', async () => {
  const fault = 'failed to get sandbox runtime: no runtime for "vm" is configured';
  node.runtime.runPodSandbox = () => Promise.reject(new RuntimeError('Unknown', fault));
  await node.create({ metadata: { name: 'web' } });
  await node.until('web', async () => (await node.eventReasons()).includes('FailedCreatePodSandBox'));
  const { items } = await node.client.list(events);
  const told = items.find(({ reason }) => reason === 'FailedCreatePodSandBox');
  expect(told?.message).toBe(`Failed to create pod sandbox: rpc error: code = Unknown desc = ${fault}`);
});

it('deletes a pod only when its containers have ended, and leaves nothing of it', async () => {
  const { metadata } = await node.create({ metadata: { name: 'web' } });
  await node.until('web', isReady);
  const stop = Promise.withResolvers<void>();
  node.runtime.onStop = () => stop.promise;
  await node.client.delete(pods, { namespace: 'default', name: 'web' });
  await node.until('web', () => node.runtime.exits.length > 0);
  expect((await node.get('web'))?.metadata.deletionTimestamp).toBeDefined();
  stop.resolve();
  await node.until('web', gone, 100);
  await node.until('web', () => node.runtime.sandboxConfigs().length === 0);
  expect(await node.runtime.listContainers()).toEqual([]);
  await node.until('web', () => !existsSync(join(node.config.podsDir, metadata.uid)));
});

it('says that a pod has failed which went before it began, to whoever keeps the object', async () => {
  const containers = [{ name: 'c', image: 'later' }];
  await node.create({ metadata: { name: 'kept', finalizers: ['example.com/count'] }, spec: { containers } });
  await node.until('kept', waitingFor('ErrImagePull'));
  await node.client.delete(pods, { namespace: 'default', name: 'kept' });
  const kept = await node.until(
    'kept',
    (pod) => pod?.metadata.deletionTimestamp !== undefined && pod.status?.phase === 'Failed',
    100,
  );
  expect(kept.status).toMatchObject({
    phase: 'Failed',
    containerStatuses: [{ state: { terminated: { reason: 'ContainerStatusUnknown', exitCode: 137 } } }],
  });
});

it('restarts a container that failed, later each time', async () => {
  node.runtime.scripts.set('c', () => 1);
  await node.create({ metadata: { name: 'crash' } });
  const first = await node.until('crash', waitingFor('CrashLoopBackOff'), 200);
  const waiting = first.status?.containerStatuses?.[0];
  expect(waiting?.state?.waiting?.message).toMatch(/^back-off 10s restarting failed container=c pod=crash_default/);
  expect(waiting).toMatchObject({ restartCount: 1, ready: false, lastState: { terminated: { exitCode: 1 } } });
  expect(first.status?.phase).toBe('Running');
  const restarts = (pod: Stored<Pod> | undefined) => pod?.status?.containerStatuses?.[0]?.restartCount ?? 0;
  const before = node.clock.now();
  await node.until('crash', (pod) => restarts(pod) === 2, 500);
  expect(node.clock.now() - before).toBeGreaterThan(9000);
  const later = await node.until('crash', (pod) => restarts(pod) === 2 && waitingFor('CrashLoopBackOff')(pod), 500);
  expect(later.status?.containerStatuses?.[0]?.state?.waiting?.message).toContain('back-off 20s');
});

it.each([
  ['Never', 0, 'Succeeded'],
  ['Never', 3, 'Failed'],
  ['OnFailure', 0, 'Succeeded'],
])('ends a pod with restartPolicy %s whose container exits with %d as %s', async (restartPolicy, exitCode, ending) => {
  node.runtime.scripts.set('c', () => exitCode);
  await node.create({ metadata: { name: 'job' }, spec: { restartPolicy, containers: [{ name: 'c', image: 'i' }] } });
  const { status } = await node.until('job', phase(ending), 200);
  expect(status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(exitCode);
  await node.until('job', () => node.runtime.running().length === 0);
});

it('runs init containers one after the other before the others', async () => {
  const containers = [{ name: 'c', image: 'i' }];
  const initContainers = ['first', 'second'].map((name) => ({ name, image: 'i' }));
  await node.create({ metadata: { name: 'init' }, spec: { containers, initContainers } });
  await node.until('init', () => node.runtime.running().includes('first'));
  expect(node.runtime.running()).toEqual(['first']);
  expect((await node.get('init'))?.status?.phase).toBe('Pending');
  node.runtime.exit('first', 0);
  await node.until('init', () => node.runtime.running().includes('second'), 200);
  expect(node.runtime.running()).toEqual(['second']);
  node.runtime.exit('second', 0);
  const { status } = await node.until('init', isReady, 200);
  expect(status?.initContainerStatuses?.map(({ ready }) => ready)).toEqual([true, true]);
});

it('says why an image is not there, and tries again', async () => {
  const containers = [{ name: 'c', image: 'later' }];
  await node.create({ metadata: { name: 'pull' }, spec: { containers } });
  await node.until('pull', waitingFor('ErrImagePull'));
  const backing = await node.until('pull', waitingFor('ImagePullBackOff'), 500);
  const message = backing.status?.containerStatuses?.[0]?.state?.waiting?.message;
  expect(message).toBe('Back-off pulling image "later": ErrImagePull: later: not found');
  node.runtime.registry.add('later');
  await node.until('pull', isReady, 500);
  expect(await node.eventReasons()).toEqual(expect.arrayContaining(['Pulling', 'Failed', 'BackOff', 'Pulled']));
  const said = (await node.events()).map(({ message }) => message);
  expect(said).toEqual(expect.arrayContaining(['Error: ErrImagePull', 'Error: ImagePullBackOff']));
});

it('never asks for an image whose name is none', async () => {
  await node.create({ metadata: { name: 'name' }, spec: { containers: [{ name: 'c', image: 'no/Such:1' }] } });
  const { status } = await node.until('name', waitingFor('InvalidImageName'));
  expect(status?.containerStatuses?.[0]?.state?.waiting?.message).toBe(
    `Failed to apply default image tag "no/Such:1": couldn't parse image name "no/Such:1": invalid reference format: repository name (no/Such) must be lowercase`,
  );
  expect(await node.eventReasons()).not.toContain('Pulling');
});

it('waits for a config map that an environment names', async () => {
  const env = [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'late', key: 'k' } } }];
  await node.create({ metadata: { name: 'env' }, spec: { containers: [{ name: 'c', image: 'i', env }] } });
  const { status } = await node.until('env', waitingFor('CreateContainerConfigError'));
  expect(status?.containerStatuses?.[0]?.state?.waiting?.message).toBe('configmap "late" not found');
  await node.client.create(configMaps, { metadata: { namespace: 'default', name: 'late' }, data: { k: 'v' } });
  await node.until('env', isReady, 1000);
  const [container] = await node.runtime.listContainers();
  expect(node.runtime.config(container!.id).envs).toContainEqual({ key: 'X', value: 'v' });
});

it('brings a changed secret into the volumes of running pods', async () => {
  const secret = (text: string) => ({ data: { k: Buffer.from(text).toString('base64') } });
  await node.client.create(secrets, { metadata: { namespace: 'default', name: 's' }, ...secret('old') });
  const containers = [{ name: 'c', image: 'i', volumeMounts: [{ name: 'v', mountPath: '/v' }] }];
  await node.create({
    metadata: { name: 'vol' },
    spec: { containers, volumes: [{ name: 'v', secret: { secretName: 's' } }] },
  });
  await node.until('vol', isReady);
  const [container] = await node.runtime.listContainers();
  const mount = node.runtime.config(container!.id).mounts.find(({ containerPath }) => containerPath === '/v');
  const read = () => readFileSync(join(mount!.hostPath, 'k'), 'utf8');
  expect(read()).toBe('old');
  await node.client.patch(secrets, { namespace: 'default', name: 's' }, { type: 'merge', body: secret('new') });
  await node.until('vol', () => read() === 'new');
});

it('takes up what runs after a restart of the agent, without touching it', async () => {
  await node.create({ metadata: { name: 'web' } });
  const before = await node.until('web', isReady);
  const [container] = await node.runtime.listContainers();
  await node.restart();
  await node.clock.advance(2000);
  expect((await node.runtime.listContainers()).map(({ id }) => id)).toEqual([container!.id]);
  expect((await node.get('web'))?.status).toEqual(before.status);
});

it('ends what runs of a pod that was deleted while the agent was away', async () => {
  await node.create({ metadata: { name: 'web' } });
  await node.until('web', isReady);
  await node.agent.stop();
  await node.client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
  await node.restart();
  await node.until('web', () => node.runtime.sandboxConfigs().length === 0, 100);
  expect(node.runtime.running()).toEqual([]);
});

it('makes a new sandbox when the old one died', async () => {
  await node.create({ metadata: { name: 'web' } });
  const before = await node.until('web', isReady);
  node.runtime.killSandboxes();
  const again = (pod: Stored<Pod> | undefined) => isReady(pod) && pod?.status?.podIP !== before.status?.podIP;
  const after = await node.until('web', again, 500);
  expect(after.status?.containerStatuses?.[0]?.restartCount).toBe(1);
});

it('refuses a pod for which the node has no room', async () => {
  const containers = [{ name: 'c', image: 'i', resources: { requests: { cpu: '5' } } }];
  await node.create({ metadata: { name: 'big' }, spec: { containers } });
  const { status } = await node.until('big', phase('Failed'));
  expect(status).toMatchObject({
    reason: 'OutOfcpu',
    message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 5000, used: 0, capacity: 4000",
  });
  // Else `kubectl get` would show ContainerCreating for it.
  expect(status?.containerStatuses).toBeUndefined();
  expect(node.runtime.sandboxConfigs()).toEqual([]);
});

it('restarts a container whose liveness probe fails, and takes it out while its readiness probe does', async () => {
  let healthy = false;
  const probe = { exec: { command: ['check'] }, periodSeconds: 1, failureThreshold: 2 };
  const result = () => ({ stdout: new Uint8Array(), stderr: Buffer.from('sick'), exitCode: healthy ? 0 : 1 });
  node.runtime.onExec = result;
  const containers = [{ name: 'c', image: 'i', livenessProbe: probe }];
  await node.create({ metadata: { name: 'live' }, spec: { containers } });
  const restarted = (pod: Stored<Pod> | undefined) => pod?.status?.containerStatuses?.[0]?.restartCount === 1;
  await node.until('live', restarted, 250);
  healthy = true;
  await node.until('live', isReady, 250);
  expect(await node.eventReasons()).toEqual(expect.arrayContaining(['Unhealthy', 'Killing']));
});

it('counts a container with a postStart hook as started only after the hook', async () => {
  const hook = Promise.withResolvers<void>();
  node.runtime.onExec = async () => {
    await hook.promise;
    return { stdout: new Uint8Array(), stderr: new Uint8Array(), exitCode: 0 };
  };
  const lifecycle = { postStart: { exec: { command: ['hook'] } } };
  await node.create({ metadata: { name: 'hook' }, spec: { containers: [{ name: 'c', image: 'i', lifecycle }] } });
  await node.until('hook', () => node.runtime.running().length > 0);
  await node.clock.advance(1500);
  expect((await node.get('hook'))?.status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe('ContainerCreating');
  hook.resolve();
  await node.until('hook', isReady);
});

it('ends a pod that is over its deadline', async () => {
  await node.create({
    metadata: { name: 'late' },
    spec: { activeDeadlineSeconds: 30, containers: [{ name: 'c', image: 'i' }] },
  });
  await node.until('late', isReady);
  const { status } = await node.until('late', phase('Failed'), 1000);
  expect(status?.reason).toBe('DeadlineExceeded');
  expect(node.runtime.running()).toEqual([]);
});

it('counts containers that never ran as failed when the pod is over its deadline', async () => {
  const containers = [{ name: 'c', image: 'later' }];
  await node.create({ metadata: { name: 'never' }, spec: { activeDeadlineSeconds: 3, containers } });
  const { status } = await node.until('never', phase('Failed'), 1000);
  expect(status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
    reason: 'ContainerStatusUnknown',
    exitCode: 137,
  });
});
