import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, guestbookImages, TestCluster } from './cluster.ts';

const manifest = (word: string) => `
apiVersion: v1
kind: Pod
metadata:
  name: keeper
  labels: { app: keeper }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: c
      image: docker.io/local/guestbook-redis:1
      imagePullPolicy: Never
      command: [sh, -c, "echo ${word}; sleep 3600"]
`;

describe('static pods', () => {
  const cluster = new TestCluster('static-pods');
  const file = () => join(cluster.stateDir, 'nodes/node-1/manifests/keeper.yaml');

  beforeAll(async () => {
    await cluster.up();
    const load = await cluster.zeroplane('image', 'load', ...guestbookImages());
    if (load.code !== 0) throw new Error(load.stderr);
  }, 120_000);
  afterAll(() => cluster.delete(), 60_000);

  const keeper = async () => {
    const pod = await cluster.json('get', 'pod', 'keeper-node-1');
    return pod.status.phase === 'Running' && !pod.metadata.deletionTimestamp ? pod : undefined;
  };
  const containerOf = (pod: any): string => pod.status.containerStatuses[0].containerID;

  test('run from a manifest in the node’s folder, and the API shows them', async () => {
    writeFileSync(file(), manifest('first'));
    const pod = await eventually(keeper);
    expect(pod.metadata.annotations['kubernetes.io/config.source']).toBe('file');
    expect(pod.metadata.ownerReferences).toMatchObject([{ kind: 'Node', name: 'node-1' }]);
    expect(await cluster.kubectl('logs', 'keeper-node-1')).toBe('first\n');
  }, 60_000);

  test('deleting what the API shows ends nothing: it is shown again', async () => {
    const before = await eventually(keeper);
    await cluster.kubectl('delete', 'pod', 'keeper-node-1', '--wait=false');
    const after = await eventually(async () => {
      const pod = await keeper();
      return pod?.metadata.uid !== before.metadata.uid && pod;
    });
    expect(containerOf(after)).toBe(containerOf(before));
  }, 60_000);

  test('a changed manifest replaces the pod', async () => {
    writeFileSync(file(), manifest('second'));
    await eventually(async () => (await cluster.kubectl('logs', 'keeper-node-1')) === 'second\n');
  }, 60_000);

  test('a manifest that is no pod is left alone and told of in the log', async () => {
    writeFileSync(join(cluster.stateDir, 'nodes/node-1/manifests/broken.yaml'), 'apiVersion: v1\nkind: ConfigMap\n');
    const log = await eventually(async () => {
      const { stdout } = await cluster.zeroplane('logs', 'node-1');
      return stdout.includes('broken.yaml') && stdout;
    });
    expect(log).toContain('it is not a Pod of apiVersion v1');
    expect(await keeper()).toBeDefined();
  }, 60_000);

  test('outlive a restart of the agent, and end with their manifest', async () => {
    const before = await eventually(keeper);
    process.kill(cluster.agentPid('node-1'), 'SIGKILL');
    await cluster.up();
    await eventually(async () => containerOf(await keeper()) === containerOf(before));
    rmSync(file());
    await eventually(async () => (await cluster.tryKubectl('get', 'pod', 'keeper-node-1')).code !== 0);
  }, 120_000);
});
