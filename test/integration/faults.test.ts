import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { eventually, guestbookImages } from './cluster.ts';
import { ClusterOnDisk } from './cluster-on-disk.ts';

const IMAGE = 'docker.io/local/guestbook-redis:1';
const DISK_MIB = 1024;

/** A counter in the memory of a pod on node-2, and a pod on node-1 that counts by the Service's name. */
const counting = [
  workload('counter', 'node-2', ['redis-server', '--protected-mode', 'no', '--save', '']),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'counter' },
    spec: { selector: { app: 'counter' }, ports: [{ port: 6379 }] },
  },
  workload('client', 'node-1', ['sh', '-c', 'while :; do timeout 2 redis-cli -h counter incr n; sleep 0.2; done']),
];

/** It writes a file after another to its volume, for good, and keeps in memory how many it has and what it was last refused with. */
const WRITER = `redis-server --save '' --protected-mode no & n=0
while :; do
  if refusal=$( (dd if=/dev/zero of=/data/$n bs=4k count=16 && sync /data/$n) 2>&1); then n=$((n+1)); redis-cli set n $n
  else redis-cli set refusal "$refusal"; fi
  sleep 0.2
done`;

function writer(): object[] {
  const pod: any = workload('writer', 'node-2', ['sh', '-c', WRITER]);
  const { nodeName, containers, ...spec } = pod.spec;
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'written' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '64Mi' } } },
    },
    {
      ...pod,
      spec: {
        ...spec,
        nodeSelector: { 'kubernetes.io/hostname': nodeName },
        // A node under pressure never evicts those that the cluster needs.
        priorityClassName: 'system-cluster-critical',
        containers: [{ ...containers[0], volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'written' } }],
      },
    },
  ];
}

function workload(name: string, node: string, command: string[]): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 1,
      // They outlive whatever their nodes are said to be.
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: 'c', image: IMAGE, command }],
    },
  };
}

describe('a cluster of two nodes, of which parts fail', () => {
  const cluster = new ClusterOnDisk('faults');
  let counterIP: string;
  let containers: string[];

  beforeAll(async () => {
    cluster.mount(DISK_MIB);
    const eviction = ['--eviction-hard', 'nodefs.available<10%', '--eviction-pressure-transition-period', '5s'];
    await cluster.up('--nodes', '2', ...eviction);
    await loadImage();
    await apply(...counting);
    await cluster.kubectl('wait', '--for=condition=Ready', 'pod/counter', 'pod/client', '--timeout=60s');
    counterIP = (await cluster.json('get', 'pod', 'counter')).status.podIP;
    containers = await containerIDs();
    await countsOn();
  }, 180_000);
  afterAll(() => cluster.delete(), 60_000);

  const loadImage = async () => {
    const load = await cluster.zeroplane('image', 'load', guestbookImages()[0]!);
    if (load.code !== 0) throw new Error(load.stderr);
  };
  const apply = (...items: object[]) =>
    cluster.kubectlWithInput(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), 'apply', '-f', '-');
  const containerIDs = async (): Promise<string[]> => {
    const { items } = await cluster.json('get', 'pods', 'counter', 'client');
    return items.map((pod: any) => pod.status.containerStatuses[0].containerID);
  };
  const pidIn = (...file: string[]) => Number(readFileSync(join(cluster.stateDir, ...file), 'utf8').split(/\s/)[0]);
  const controlPlanePid = () => pidIn('control-plane', 'pid');
  /** The count itself lives in a container's memory: it goes on only if that one does. */
  const countsOn = async () => {
    const before = await count(counterIP);
    await eventually(async () => (await count(counterIP)) > before + 3);
  };
  const node = (name: string) => cluster.json('get', 'node', name);
  const taints = (of: any): string[] => (of.spec.taints ?? []).map((taint: any) => taint.key);
  const readyEndpoints = async () => {
    const { items } = await cluster.json('get', 'endpointslices', '-l', 'kubernetes.io/service-name=counter');
    return items.flatMap((slice: any) => slice.endpoints ?? []).filter((endpoint: any) => endpoint.conditions.ready);
  };
  /** Of the first files that the writer has written. */
  const sizes = async (files: number): Promise<Set<string>> => {
    const script = `cd /data && for n in $(seq 0 ${files - 1}); do stat -c %s $n; done`;
    return new Set((await cluster.kubectl('exec', 'writer', '--', 'sh', '-c', script)).trim().split('\n'));
  };
  const configMaps = async (prefix: string): Promise<string[]> => {
    const names = (await cluster.kubectl('get', 'configmaps', '-o', 'name')).trim().split('\n');
    return names.filter((name) => name.startsWith(`configmap/${prefix}`));
  };

  test('a killed agent leaves its containers running, and another takes them up as they are', async () => {
    const pid = cluster.agentPid('node-2');
    process.kill(pid, 'SIGKILL');
    await countsOn();
    await cluster.up();
    expect(cluster.agentPid('node-2')).not.toBe(pid);
    expect(await containerIDs()).toEqual(containers);
    // It is at work: what comes new is run.
    await apply(workload('after-agent', 'node-2', ['sleep', '600']));
    await cluster.kubectl('wait', '--for=condition=Ready', 'pod/after-agent', '--timeout=60s');
    await countsOn();
  }, 120_000);

  test('a killed containerd leaves its containers running, is started again, and starts new pods', async () => {
    const pid = pidIn('nodes', 'node-2', 'containerd', 'pid');
    process.kill(pid, 'SIGKILL');
    await eventually(async () => pidIn('nodes', 'node-2', 'containerd', 'pid') !== pid);
    await countsOn();
    await apply(workload('after-containerd', 'node-2', ['sleep', '600']));
    await cluster.kubectl('wait', '--for=condition=Ready', 'pod/after-containerd', '--timeout=60s');
    expect(await containerIDs()).toEqual(containers);
    expect(await cluster.kubectl('exec', 'counter', '--', 'redis-cli', 'ping')).toBe('PONG\n');
  }, 120_000);

  test('without a control plane pods and Services go on, and one that is killed while it writes has lost nothing that it acknowledged', async () => {
    const items = Array.from({ length: 500 }, (_, i) => configMap(`kept-${i}`, 'x'.repeat(500)));
    const file = join(cluster.folder, 'kept.json');
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    const writing = cluster.tryKubectl('create', '-f', file);
    await eventually(async () => (await configMaps('kept-')).length > 20);
    process.kill(controlPlanePid(), 'SIGKILL');
    const acknowledged = (await writing).stdout.match(/^configmap\/\S+(?= created)/gm) ?? [];
    await countsOn();
    await cluster.up();
    expect(acknowledged.length).toBeGreaterThan(20);
    expect(await configMaps('kept-')).toEqual(expect.arrayContaining(acknowledged));
    expect(await containerIDs()).toEqual(containers);
    await countsOn();
  }, 120_000);

  test('a node that is cut off is not Ready, serves no Service, keeps its containers, and is taken back when it is healed', async () => {
    await cluster.kubectl('cordon', 'node-1');
    await apply(hastyDeployment('hasty'));
    await cluster.kubectl('rollout', 'status', 'deployment/hasty', '--timeout=60s');
    await cluster.kubectl('uncordon', 'node-1');
    const { bridge } = JSON.parse(readFileSync(join(cluster.stateDir, 'cluster.json'), 'utf8'));
    const counted = await count(counterIP);
    execFileSync('ip', ['link', 'set', `${bridge}n2`, 'down']);
    const silent = await eventually(async () => {
      const found = await node('node-2');
      return ready(found) === 'Unknown' && taints(found).includes('node.kubernetes.io/unreachable') && found;
    }, 120_000);
    expect(silent.spec.taints.map((taint: any) => taint.effect).sort()).toEqual(['NoExecute', 'NoSchedule']);
    await eventually(async () => (await readyEndpoints()).length === 0);
    const replaced = async () => {
      const { items } = await cluster.json('get', 'pods', '-l', 'app=hasty');
      return items.some((pod: any) => pod.spec.nodeName === 'node-1' && ready(pod) === 'True') && items;
    };
    await eventually(replaced);

    execFileSync('ip', ['link', 'set', `${bridge}n2`, 'up']);
    await eventually(async () => {
      const found = await node('node-2');
      return ready(found) === 'True' && taints(found).length === 0;
    });
    await eventually(async () => (await readyEndpoints()).length === 1);
    expect(await containerIDs()).toEqual(containers);
    expect(await count(counterIP)).toBeGreaterThanOrEqual(counted);
    await countsOn();
    // The evicted pod could not be told to end before.
    await eventually(async () => (await replaced()).length === 1);
  }, 240_000);

  test('a full disk refuses writes and puts its nodes under pressure; with room again everything goes on, and nothing is lost', async () => {
    const pids = [controlPlanePid(), cluster.agentPid('node-1'), cluster.agentPid('node-2')];
    await apply(...writer());
    await cluster.kubectl('wait', '--for=condition=Ready', 'pod/writer', '--timeout=60s');
    const { podIP, containerStatuses: started } = (await cluster.json('get', 'pod', 'writer')).status;
    await eventually(async () => (await count(podIP)) > 3);
    cluster.leave(50);
    await eventually(async () => underPressure(await node('node-1')));
    await cluster.kubectl('create', 'deployment', 'late', `--image=${IMAGE}`, '--', 'sleep', '600');
    cluster.fill();
    const acknowledged: string[] = [];
    const refusal = await eventually(async () => {
      const name = `full-${acknowledged.length}`;
      const body = JSON.stringify(configMap(name, 'x'.repeat(900_000)));
      const refused = await cluster.kubectlWithInput(body, 'create', '-f', '-').catch((error: Error) => error.message);
      if (!refused.includes(' created')) return refused;
      acknowledged.push(`configmap/${name}`);
      return false;
    });
    expect(refusal).toContain('Error from server (InternalError)');
    expect(refusal).toContain('the disk or the database is full');
    // A pod that writes to the same disk is refused too, and goes on; what can be read is read.
    await eventually(async () => (await redisGet(podIP, 'refusal')).includes('No space left on device'));
    const written = await count(podIP);
    expect(await configMaps('full-')).toEqual(acknowledged.sort());

    cluster.free();
    await eventually(async () => {
      const [first, second] = await Promise.all(['node-1', 'node-2'].map(node));
      return !underPressure(first) && !underPressure(second) && ready(first) === 'True' && ready(second) === 'True';
    });
    expect([controlPlanePid(), cluster.agentPid('node-1'), cluster.agentPid('node-2')]).toEqual(pids);
    await eventually(async () => (await count(podIP)) > written);
    const { containerStatuses } = (await cluster.json('get', 'pod', 'writer')).status;
    expect(containerStatuses[0].containerID).toBe(started[0].containerID);
    expect(await sizes(written)).toEqual(new Set(['65536']));
    await cluster.kubectl('rollout', 'status', 'deployment/late', '--timeout=90s');
    process.kill(controlPlanePid(), 'SIGKILL');
    await cluster.up();
    // All that was acknowledged, and nothing that was refused.
    expect(await configMaps('full-')).toEqual(acknowledged);
  }, 240_000);
});

function configMap(name: string, value: string): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value } };
}

/** One that leaves a node which is not there at once, and not after five minutes. */
function hastyDeployment(name: string): object {
  const tolerations = ['not-ready', 'unreachable'].map((key) => ({
    key: `node.kubernetes.io/${key}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 1,
  }));
  const containers = [{ name: 'c', image: IMAGE, command: ['sleep', '600'] }];
  const labels = { app: name };
  const spec = { terminationGracePeriodSeconds: 1, tolerations, containers };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

function condition(object: any, type: string): string | undefined {
  return object.status.conditions.find((one: any) => one.type === type)?.status;
}

function ready(object: any): string | undefined {
  return condition(object, 'Ready');
}

function underPressure(node: any): boolean {
  return condition(node, 'DiskPressure') === 'True';
}

/** Asked from the machine, at the pod's address: without the API. */
function redisGet(host: string, key: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(6379, host, () => socket.end(`GET ${key}\r\n`));
    let text = '';
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('end', () => resolve(/^\$\d+\r\n(.*)\r\n$/s.exec(text)?.[1] ?? ''));
  });
}

async function count(host: string): Promise<number> {
  return Number(await redisGet(host, 'n'));
}
