import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, guestbookImages, TestCluster } from './cluster.ts';

/** Everything a cluster could leave behind on the machine. */
function traces(marks: string[]): string[] {
  const lines = [
    ...readFileSync('/proc/mounts', 'utf8').split('\n'),
    ...execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' })
      .split('\n')
      .map((line) => line.split(':')[1]?.trim() ?? ''),
    ...execFileSync('ip', ['route'], { encoding: 'utf8' }).split('\n'),
    ...execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }).split('\n'),
    ...execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' }).split('\n'),
    ...execFileSync('find', ['/sys/fs/cgroup', '-maxdepth', '4', '-type', 'd', '-path', '*zeroplane*'], {
      encoding: 'utf8',
    }).split('\n'),
    ...processes(),
  ];
  return lines.filter((line) => marks.some((mark) => line.includes(mark))).sort();
}

function processes(): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((pid) => {
      try {
        readlinkSync(`/proc/${pid}/exe`);
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return command.startsWith('sh -c while kill -0') ? [] : [command];
      } catch {
        return []; // it ended, or is a kernel thread
      }
    });
}

const PROFILES = `apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- schedulerName: default-scheduler
- schedulerName: packing
  pluginConfig:
  - name: NodeResourcesFit
    args: {scoringStrategy: {type: MostAllocated}}
`;

/** It ends only when it is told to, and writes down what it was told: by its hook, then by SIGTERM. */
function lastWords(folder: string): object {
  const say = (word: string) => `sleep 1; echo ${word} >> /said/words`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'last-words' },
    spec: {
      schedulerName: 'packing',
      containers: [
        {
          name: 'c',
          image: 'docker.io/local/guestbook-redis:1',
          command: ['sh', '-c', `trap '${say('terminated')}; exit 0' TERM; while :; do sleep 0.1; done`],
          lifecycle: { preStop: { exec: { command: ['sh', '-c', say('hooked')] } } },
          volumeMounts: [{ name: 'said', mountPath: '/said' }],
        },
      ],
      volumes: [{ name: 'said', hostPath: { path: folder } }],
    },
  };
}

describe('zeroplane up and down', () => {
  const cluster = new TestCluster('updown');
  const interfaces = () => execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' }).split('\n').length;
  const tables = () => execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' });
  const before = { interfaces: interfaces(), tables: tables() };
  afterAll(() => cluster.delete(), 60_000);

  test('up ends with a Ready node, a context in the kubeconfig and what to do next', async () => {
    const profiles = join(cluster.folder, 'profiles.yaml');
    writeFileSync(profiles, PROFILES.replace('default-scheduler', 'packing'));
    expect(await cluster.zeroplane('up', '--scheduler-config', profiles)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('profiles[1].schedulerName: Duplicate value: "packing"'),
    });
    writeFileSync(profiles, PROFILES);
    const said = await cluster.up('--scheduler-config', profiles);
    expect(said).toMatch(/kubectl/);
    expect(await cluster.kubectl('config', 'current-context')).toBe(`zeroplane-${cluster.name}\n`);
    const nodes = await cluster.json('get', 'nodes');
    expect(nodes.items).toHaveLength(1);
    expect(nodes.items[0].status.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
  }, 60_000);

  test('a second up on a running cluster says so and changes nothing', async () => {
    const again = await cluster.zeroplane('up');
    expect(again.code).toBe(0);
    expect(`${again.stdout}${again.stderr}`).toMatch(/already running/i);
  });

  test('status names the control plane, the node and where they are', async () => {
    const { stdout, code } = await cluster.zeroplane('status');
    expect(code).toBe(0);
    expect(stdout).toMatch(/running/i);
    expect(stdout).toMatch(/https:\/\/127\.0\.0\.1:\d+/);
  });

  test('objects survive down and up; down leaves no process, mount, interface, table or cgroup', async () => {
    await cluster.kubectl('create', 'configmap', 'kept', '--from-literal=a=b');
    expect((await cluster.zeroplane('image', 'load', guestbookImages()[0]!)).code).toBe(0);
    await cluster.kubectlWithInput(JSON.stringify(lastWords(cluster.folder)), 'create', '-f', '-');
    await cluster.kubectl('wait', '--for=condition=Ready', 'pod/last-words', '--timeout=60s');
    const { uid } = (await cluster.json('get', 'pod', 'last-words')).metadata;
    const events = await cluster.json('get', 'events', '--field-selector', 'reason=Scheduled');
    expect(events.items.map((event: any) => event.source.component)).toEqual(['packing']);
    expect((await cluster.zeroplane('down')).code).toBe(0);
    expect(traces([cluster.folder, cluster.name])).toEqual([]);
    expect({ interfaces: interfaces(), tables: tables() }).toEqual(before);
    // Containers have had their hook, their signal and their grace; the pod is the same one when it is taken up.
    expect(readFileSync(join(cluster.folder, 'words'), 'utf8')).toBe('hooked\nterminated\n');
    await cluster.up();
    const again = await eventually(async () => {
      const pod = await cluster.json('get', 'pod', 'last-words');
      return pod.status.containerStatuses[0].restartCount > 0 && pod.status.containerStatuses[0].ready && pod;
    });
    expect(again.metadata.uid).toBe(uid);
    expect((await cluster.json('get', 'configmap', 'kept')).data).toEqual({ a: 'b' });
  }, 120_000);

  test('down --delete removes the state and the context', async () => {
    expect((await cluster.zeroplane('down', '--delete')).code).toBe(0);
    expect(traces([cluster.folder, cluster.name])).toEqual([]);
    expect(await cluster.kubectl('config', 'get-contexts', '-o', 'name')).not.toContain(cluster.name);
    expect((await cluster.zeroplane('status')).stdout).toMatch(/no cluster|not found|does not exist|stopped/i);
  }, 60_000);

  test('a wrong flag is an error that names it, with exit code 2', async () => {
    const { code, stderr } = await cluster.zeroplane('up', '--nodes', 'many');
    expect(code).toBe(2);
    expect(stderr).toMatch(/nodes/);
  });
});
