import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { TestCluster } from './cluster.ts';

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

describe('zeroplane up and down', () => {
  const cluster = new TestCluster('updown');
  const interfaces = () => execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' }).split('\n').length;
  const tables = () => execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' });
  const before = { interfaces: interfaces(), tables: tables() };
  afterAll(() => cluster.delete(), 60_000);

  test('up ends with a Ready node, a context in the kubeconfig and what to do next', async () => {
    const said = await cluster.up();
    expect(said).toMatch(/kubectl/);
    expect(await cluster.kubectl('config', 'current-context')).toBe(`zeroplane-${cluster.name}\n`);
    const nodes = await cluster.json('get', 'nodes');
    expect(nodes.items).toHaveLength(1);
    expect(nodes.items[0].status.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
  });

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
    expect((await cluster.zeroplane('down')).code).toBe(0);
    expect(traces([cluster.folder, cluster.name])).toEqual([]);
    expect({ interfaces: interfaces(), tables: tables() }).toEqual(before);
    await cluster.up();
    expect((await cluster.json('get', 'configmap', 'kept')).data).toEqual({ a: 'b' });
  });

  test('down --delete removes the state and the context', async () => {
    expect((await cluster.zeroplane('down', '--delete')).code).toBe(0);
    expect(traces([cluster.folder, cluster.name])).toEqual([]);
    expect(await cluster.kubectl('config', 'get-contexts', '-o', 'name')).not.toContain(cluster.name);
    expect((await cluster.zeroplane('status')).stdout).toMatch(/no cluster|not found|does not exist|stopped/i);
  });

  test('a wrong flag is an error that names it, with exit code 2', async () => {
    const { code, stderr } = await cluster.zeroplane('up', '--nodes', 'many');
    expect(code).toBe(2);
    expect(stderr).toMatch(/nodes/);
  });
});
