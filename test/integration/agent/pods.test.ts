import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, TestCluster } from '../cluster.ts';
import { BUSYBOX, busyboxArchive } from './busybox.ts';

const cluster = new TestCluster('agent');
beforeAll(async () => {
  await cluster.up();
  await cluster.zeroplane('image', 'load', busyboxArchive(cluster.folder));
}, 120_000);
afterAll(() => cluster.delete(), 60_000);

const container = (name: string, script: string, more: object = {}) => ({
  name,
  image: BUSYBOX,
  command: ['sh', '-c', script],
  ...more,
});
/** Ends at once when it is told to. */
const WAIT = "trap 'exit 0' TERM; while :; do sleep 0.1; done";

async function create(name: string, spec: object): Promise<void> {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name } }, spec };
  await cluster.kubectlWithInput(JSON.stringify(pod), 'create', '-f', '-');
}

const get = (name: string) => cluster.json('get', 'pod', name);
const logs = (name: string, ...args: string[]) => cluster.kubectl('logs', name, ...args);
const isReady = async (name: string) =>
  (await get(name)).status.conditions?.some((one: any) => one.type === 'Ready' && one.status === 'True');
const ended = (name: string, phase: string) =>
  eventually(async () => {
    const pod = await get(name);
    return pod.status.phase === phase && pod;
  });

test('a pod’s containers share volumes and network, and see what the pod was given', async () => {
  await cluster.kubectl('create', 'configmap', 'settings', '--from-literal=color=blue');
  await cluster.kubectl('create', 'secret', 'generic', 'keys', '--from-literal=pin=1234');
  const mounts = [
    { name: 'shared', mountPath: '/shared' },
    { name: 'settings', mountPath: '/settings' },
    { name: 'keys', mountPath: '/keys' },
    { name: 'about', mountPath: '/about' },
    { name: 'memory', mountPath: '/memory' },
  ];
  const env = [
    { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
    { name: 'PIN', valueFrom: { secretKeyRef: { name: 'keys', key: 'pin' } } },
    { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    { name: 'BOTH', value: '$(COLOR)-$(PIN)' },
  ];
  const show =
    'cat /shared/init /settings/color /keys/pin /about/name; echo; echo $BOTH $IP; mount | grep " /memory " | cut -c1-5; ';
  await create('full', {
    initContainers: [
      container('prepare', 'echo from-init > /shared/init', { volumeMounts: mounts.slice(0, 1) }),
      container('sidecar', WAIT, { restartPolicy: 'Always' }),
    ],
    containers: [
      container('main', show.replace('cut -c1-5', 'grep -c tmpfs') + WAIT, { env, volumeMounts: mounts }),
      container('server', `nc -ll -p 8080 -e /bin/echo hello & ${WAIT}`, {
        readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
      }),
    ],
    volumes: [
      { name: 'shared', emptyDir: {} },
      { name: 'memory', emptyDir: { medium: 'Memory' } },
      { name: 'settings', configMap: { name: 'settings' } },
      { name: 'keys', secret: { secretName: 'keys' } },
      { name: 'about', downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
    ],
  });
  await eventually(() => isReady('full'));
  const { status } = await get('full');
  const text = await eventually(() => logs('full', '-c', 'main'));
  expect(text).toBe(`from-init\nblue1234full\nblue-1234 ${status.podIP}\n1\n`);
  expect(await cluster.kubectl('exec', 'full', '-c', 'main', '--', 'nc', '127.0.0.1', '8080')).toBe('hello\n');

  await cluster.kubectl('patch', 'configmap', 'settings', '-p', '{"data":{"color":"green"}}');
  const color = () => cluster.kubectl('exec', 'full', '-c', 'main', '--', 'cat', '/settings/color');
  await eventually(async () => (await color()) === 'green');
}, 120_000);

test('containers end as they say, and the pod with them', async () => {
  await create('fails', {
    restartPolicy: 'Never',
    containers: [container('c', 'echo last words; exit 7', { terminationMessagePolicy: 'FallbackToLogsOnError' })],
  });
  await create('hungry', {
    restartPolicy: 'Never',
    containers: [container('c', 'tail /dev/zero', { resources: { limits: { memory: '16Mi' } } })],
  });
  await create('fine', { restartPolicy: 'OnFailure', containers: [container('c', 'exit 0')] });
  const terminated = (pod: any) => pod.status.containerStatuses[0].state.terminated;
  expect(terminated(await ended('fails', 'Failed'))).toMatchObject({ exitCode: 7, message: 'last words\n' });
  expect(terminated(await ended('hungry', 'Failed'))).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  expect(terminated(await ended('fine', 'Succeeded'))).toMatchObject({ exitCode: 0, reason: 'Completed' });
}, 120_000);

test('a container whose liveness probe fails is restarted', async () => {
  await create('sick', {
    terminationGracePeriodSeconds: 1,
    containers: [
      container('c', `touch /alive; sleep 1; ${WAIT.replace('exit 0', 'exit 3')}`, {
        livenessProbe: { exec: { command: ['test', '-f', '/gone'] }, periodSeconds: 1, failureThreshold: 1 },
      }),
    ],
  });
  await eventually(async () => (await get('sick')).status.containerStatuses?.[0]?.restartCount > 0);
  expect(await cluster.kubectl('get', 'events', '--field-selector', 'involvedObject.name=sick')).toContain(
    'Container c failed liveness probe, will be restarted',
  );
}, 120_000);

test('what runs goes on while the agent is restarted, and is taken up by the next one', async () => {
  await create('steady', { containers: [container('c', WAIT)] });
  await eventually(() => isReady('steady'));
  const before = await get('steady');
  const pidFile = join(cluster.stateDir, 'nodes/node-1/agent.pid');
  process.kill(Number.parseInt(readFileSync(pidFile, 'utf8'), 10), 'SIGKILL');
  await cluster.up();
  await eventually(async () => (await cluster.kubectl('exec', 'steady', '--', 'echo', 'here')) === 'here\n');
  const after = await get('steady');
  expect(after.status.containerStatuses).toEqual(before.status.containerStatuses);
}, 120_000);

test('hooks run at the start and before the end, and nothing of a deleted pod is left', async () => {
  const folder = join(cluster.folder, 'hooks');
  await create('hooked', {
    containers: [
      container('c', "trap 'echo term >> /log/log; exit 0' TERM; while :; do sleep 0.1; done", {
        lifecycle: {
          postStart: { exec: { command: ['sh', '-c', 'echo start >> /log/log'] } },
          preStop: { exec: { command: ['sh', '-c', 'sleep 0.5; echo stop >> /log/log'] } },
        },
        volumeMounts: [{ name: 'log', mountPath: '/log' }],
      }),
    ],
    volumes: [{ name: 'log', hostPath: { path: folder, type: 'DirectoryOrCreate' } }],
  });
  await eventually(() => isReady('hooked'));
  const { uid } = (await get('hooked')).metadata;
  await cluster.kubectl('delete', 'pod', 'hooked');
  expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('start\nstop\nterm\n');
  const node = join(cluster.stateDir, 'nodes/node-1');
  await eventually(async () => !existsSync(join(node, 'pods', uid)));
  expect(readdirSync(join(node, 'logs')).filter((name) => name.endsWith(uid))).toEqual([]);
}, 120_000);
