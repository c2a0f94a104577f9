import { execFileSync } from 'node:child_process';
import { eventually, guestbookImages, TestCluster } from './cluster.ts';

describe('the guestbook example', () => {
  const cluster = new TestCluster('guestbook');
  let page: string;

  beforeAll(async () => {
    await cluster.up();
    const load = await cluster.zeroplane('image', 'load', ...guestbookImages());
    if (load.code !== 0) throw new Error(load.stderr);
    await cluster.kubectl('apply', '-f', 'examples/guestbook/');
    await cluster.kubectl('rollout', 'status', 'deployment/redis', '--timeout=120s');
    await cluster.kubectl('rollout', 'status', 'deployment/guestbook', '--timeout=120s');
    const [node] = (await cluster.json('get', 'nodes')).items;
    const address = node.status.addresses.find((a: any) => a.type === 'InternalIP').address;
    page = `http://${address}:30080`;
  }, 240_000);
  afterAll(() => cluster.delete(), 60_000);

  const replicas = async (requests: number): Promise<Set<string>> => {
    const seen = new Set<string>();
    for (let i = 0; i < requests; i++)
      seen.add((await fetch(page, { headers: { connection: 'close' } })).headers.get('x-replica') ?? '');
    return seen;
  };

  test('keeps entries in its database, and every replica answers through the NodePort', async () => {
    expect((await fetch(`${page}/entries`, { method: 'POST', body: 'hello' })).status).toBe(201);
    expect(await (await fetch(page)).text()).toContain('<li>hello</li>');
    expect((await replicas(60)).size).toBe(3);
  });

  test('rolls to a new image without a failed request, and back', async () => {
    const client = startClient(page);
    await cluster.kubectl('set', 'image', 'deployment/guestbook', 'web=docker.io/local/guestbook-web:2');
    await cluster.kubectl('rollout', 'status', 'deployment/guestbook', '--timeout=120s');
    // A connection that is kept stays with its replica for as long as that one takes to end.
    await eventually(async () => (await fetch(page)).headers.get('x-version') === '2');
    await cluster.kubectl('rollout', 'undo', 'deployment/guestbook');
    await cluster.kubectl('rollout', 'status', 'deployment/guestbook', '--timeout=120s');
    const { answered, failures } = await client.stop();
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(100);
    await eventually(async () => (await fetch(page)).headers.get('x-version') === '1');
  }, 180_000);

  test('follows kubectl scale', async () => {
    await cluster.kubectl('scale', 'deployment/guestbook', '--replicas=5');
    await cluster.kubectl('rollout', 'status', 'deployment/guestbook', '--timeout=120s');
    await eventually(async () => (await replicas(60)).size === 5);
    await cluster.kubectl('scale', 'deployment/guestbook', '--replicas=3');
    await eventually(async () => (await cluster.json('get', 'pods', '-l', 'app=guestbook')).items.length === 3);
  }, 180_000);

  test('replaces a deleted pod and restarts a killed container', async () => {
    const [pod] = (await cluster.json('get', 'pods', '-l', 'app=guestbook')).items;
    await cluster.kubectl('delete', 'pod', pod.metadata.name);
    await cluster.kubectl('rollout', 'status', 'deployment/guestbook', '--timeout=120s');
    const redis = (await cluster.json('get', 'pods', '-l', 'app=redis')).items[0];
    // The host's pid of the container's process: its cgroup holds the container's id.
    const id = redis.status.containerStatuses[0].containerID.replace('containerd://', '');
    const pid = execFileSync('sh', ['-c', `grep -l "${id}" /proc/[0-9]*/cgroup 2>/dev/null | head -1 | cut -d/ -f3`], {
      encoding: 'utf8',
    }).trim();
    process.kill(Number(pid), 'SIGKILL');
    await eventually(async () => {
      const status = (await cluster.json('get', 'pod', redis.metadata.name)).status.containerStatuses[0];
      return status.restartCount === 1 && status.ready;
    });
    await eventually(async () => (await (await fetch(page)).text()).includes('<li>hello</li>'));
  }, 180_000);
});

/** A user who reloads the page all the time, each time over a new connection. */
function startClient(page: string): { stop(): Promise<{ answered: number; failures: string[] }> } {
  let running = true;
  let answered = 0;
  const failures: string[] = [];
  const loop = async () => {
    while (running) {
      await fetch(page, { headers: { connection: 'close' }, signal: AbortSignal.timeout(5000) })
        .then(async (response) => {
          await response.text();
          if (response.ok) answered++;
          else failures.push(`status ${response.status}`);
        })
        .catch((error: Error) => failures.push(String(error.cause ?? error)));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const done = Promise.all([loop(), loop()]);
  return {
    async stop() {
      running = false;
      await done;
      return { answered, failures };
    },
  };
}
