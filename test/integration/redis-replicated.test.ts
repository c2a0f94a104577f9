import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { eventually, TestCluster } from './cluster.ts';
import { debianPackages } from './debian-packages.ts';

const FOLDER = 'examples/redis-replicated';

/** The example's image, made once a machine. */
function redisImage(): string {
  const folder = join(homedir(), '.cache/zeroplane/images/redis-replicated');
  const file = join(folder, 'redis.tar');
  if (!existsSync(file)) execFileSync(join(FOLDER, 'build-images.sh'), [folder], { stdio: 'ignore' });
  return file;
}

describe('the replicated Redis example', () => {
  const cluster = new TestCluster('redis');

  const redis = async (pod: string, ...command: string[]) =>
    (await cluster.kubectl('exec', pod, '--', 'redis-cli', ...command)).trim();
  const whole = () => cluster.kubectl('rollout', 'status', 'statefulset/redis', '--timeout=120s');
  const everywhere = (key: string, value: string) =>
    eventually(async () => {
      const pods = ['redis-0', 'redis-1', 'redis-2'];
      return (await Promise.all(pods.map((pod) => redis(pod, 'get', key)))).every((found) => found === value);
    });

  beforeAll(async () => {
    debianPackages({ pgrep: 'procps' });
    await cluster.up('--nodes', '2');
    const load = await cluster.zeroplane('image', 'load', redisImage());
    if (load.code !== 0) throw new Error(load.stderr);
    for (const file of ['redis', 'backup', 'disk-report'])
      await cluster.kubectl('apply', '-f', `${FOLDER}/${file}.yaml`);
    await whole();
  }, 240_000);
  afterAll(() => cluster.delete(), 60_000);

  test('every pod has a volume of its own, bound where it runs, and what the primary is told reaches all', async () => {
    const claims = (await cluster.json('get', 'pvc', '-l', 'app=redis')).items;
    expect(claims.map((claim: any) => claim.status.phase)).toEqual(['Bound', 'Bound', 'Bound']);
    expect(new Set(claims.map((claim: any) => claim.spec.volumeName)).size).toBe(3);
    await redis('redis-0', 'set', 'greeting', 'hello');
    await everywhere('greeting', 'hello');
  }, 60_000);

  test('a pod that is deleted comes back with its data', async () => {
    await cluster.kubectl('delete', 'pod', 'redis-0');
    await whole();
    expect(await redis('redis-0', 'get', 'greeting')).toBe('hello');
    await everywhere('greeting', 'hello');
  }, 120_000);

  test('a node whose agent and runtime are killed comes back with its data', async () => {
    const { nodeName } = (await cluster.json('get', 'pod', 'redis-0')).spec;
    await redis('redis-0', 'set', 'before', 'the crash');
    const node = join(cluster.stateDir, 'nodes', nodeName);
    const agent = Number(readFileSync(join(node, 'agent.pid'), 'utf8').split('\n')[0]);
    const containerd = execFileSync('pgrep', ['-f', `^containerd --config ${node}/containerd/`], { encoding: 'utf8' });
    process.kill(agent, 'SIGKILL');
    for (const pid of containerd.split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
    await cluster.up('--nodes', '2');
    await whole();
    await everywhere('before', 'the crash');
  }, 180_000);

  test('the cluster taken down and up again has its data', async () => {
    await cluster.zeroplane('down');
    await cluster.up('--nodes', '2');
    await eventually(
      async () => (await cluster.json('get', 'statefulset', 'redis')).status.readyReplicas === 3,
      120_000,
    );
    await everywhere('before', 'the crash');
  }, 240_000);

  test('what was backed up is there again after it was lost', async () => {
    await cluster.kubectl('create', 'job', '--from=cronjob/redis-backup', 'backup-now');
    await cluster.kubectl('wait', '--for=condition=complete', 'job/backup-now', '--timeout=90s');
    await redis('redis-0', 'flushall');
    await everywhere('greeting', '');
    const job = (await cluster.kubectl('create', '-f', `${FOLDER}/restore.yaml`, '-o', 'name')).trim();
    await cluster.kubectl('wait', '--for=condition=complete', job, '--timeout=120s');
    await everywhere('greeting', 'hello');
    await eventually(async () => (await redis('redis-0', 'role')).startsWith('master'));
  }, 240_000);

  test('the DaemonSet tells of every node', async () => {
    const pods = (await cluster.json('get', 'pods', '-l', 'app=disk-report')).items;
    expect(pods.map((pod: any) => pod.spec.nodeName).sort()).toEqual(['node-1', 'node-2']);
    const said = await cluster.kubectl('logs', '-l', 'app=disk-report');
    for (const node of ['node-1', 'node-2']) expect(said).toContain(`${node} `);
  }, 60_000);

  test('the set scaled down and up finds its old volume; its claims stay when it is deleted', async () => {
    const before = (await cluster.json('get', 'pvc', 'data-redis-2')).spec.volumeName;
    await cluster.kubectl('scale', 'statefulset', 'redis', '--replicas=2');
    await eventually(async () => (await cluster.tryKubectl('get', 'pod', 'redis-2')).code !== 0);
    await cluster.kubectl('scale', 'statefulset', 'redis', '--replicas=3');
    await whole();
    expect((await cluster.json('get', 'pvc', 'data-redis-2')).spec.volumeName).toBe(before);
    await cluster.kubectl('delete', 'statefulset', 'redis');
    expect((await cluster.json('get', 'pvc', '-l', 'app=redis')).items.length).toBe(3);
  }, 180_000);
});
