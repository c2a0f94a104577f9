import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { eventually, guestbookImages } from '../cluster.ts';
import { HeldCluster } from './held-cluster.ts';

const pod = (name: string, command: string) => `
apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: docker.io/local/guestbook-redis:1
      command: [sh, -c, ${JSON.stringify(command)}]
`;

describe('Through a gateway that neither streams nor upgrades', () => {
  const cluster = new HeldCluster('held');
  const { held } = cluster;
  const children: ChildProcess[] = [];
  /** kubectl in the background: what it has printed so far. */
  const background = (...args: string[]) => {
    const child = spawn(held.kubectlPath, args, { env: { ...process.env, KUBECONFIG: held.kubeconfig } });
    children.push(child);
    const run = { child, text: '', code: undefined as number | null | undefined };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (run.text += chunk));
    child.on('close', (code) => {
      run.code = code;
    });
    return run;
  };

  beforeAll(async () => {
    await cluster.up({ minMs: 200, maxMs: 2_000 });
    await held.zeroplane('image', 'load', guestbookImages()[0]!);
    await held.kubectlWithInput(pod('shell', 'while true; do sleep 1; done'), 'apply', '-f', '-');
    await held.kubectl('wait', '--for=condition=Ready', 'pod/shell', '--timeout=60s');
  }, 180_000);
  afterAll(async () => {
    for (const child of children) child.kill();
    await cluster.delete();
  }, 60_000);

  test('get -w shows what happens', async () => {
    const watching = background('get', 'configmaps', '-w', '-o', 'name');
    await eventually(async () => watching.text.includes('kube-root-ca.crt'));
    await held.kubectl('create', 'configmap', 'seen');
    await eventually(async () => watching.text.includes('configmap/seen'));
    watching.child.kill();
    const table = background('get', 'configmaps', '-w');
    await eventually(async () => table.text.includes('seen'));
    await held.kubectl('delete', 'configmap', 'seen');
    await eventually(async () => (table.text.match(/^seen/gm) ?? []).length > 1);
    expect(table.text.match(/NAME +DATA +AGE/g)).toHaveLength(1);
    table.child.kill();
  });

  test('exec passes on output, input and the exit code', async () => {
    expect(await held.kubectl('exec', 'shell', '--', 'sh', '-c', 'echo out; echo err >&2')).toBe('out\n');
    const failed = await held.tryKubectl('exec', 'shell', '--', 'sh', '-c', 'echo err >&2; exit 7');
    expect([failed.code, failed.stderr]).toEqual([7, expect.stringMatching(/^err\n/)]);
    expect(await held.kubectlWithInput('to the end\n', 'exec', '-i', 'shell', '--', 'cat')).toBe('to the end\n');
  });

  test('exec passes on megabytes both ways, whole', async () => {
    const input = Array.from({ length: 60_000 }, (_, i) => `line ${i} of much text that goes both ways`).join('\n');
    expect(await held.kubectlWithInput(input, 'exec', '-i', 'shell', '--', 'cat')).toBe(input);
  }, 60_000);

  test('exec -t gives a terminal of the client’s size', async () => {
    // The size comes in a message of its own, a moment after the command has begun.
    const size = '[ -t 0 ] && until stty size | grep "40 100"; do sleep 0.1; done';
    const command = `stty rows 40 cols 100; exec ${held.kubectlPath} exec -it shell -- sh -c '${size}'`;
    const env = { ...process.env, KUBECONFIG: held.kubeconfig };
    const child = spawn('script', ['-qec', command, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    children.push(child);
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    await eventually(async () => text.includes('40 100'));
  });

  test('exec over SPDY, as older clients do', async () => {
    const env = { ...process.env, KUBECONFIG: held.kubeconfig, KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' };
    const child = spawn(held.kubectlPath, ['exec', '-i', 'shell', '--', 'sh', '-c', 'cat; exit 3'], { env });
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    child.stdin.end('old\n');
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect([text, code]).toEqual(['old\n', 3]);
  });

  test('exec into what is not there is refused as elsewhere', async () => {
    const absent = await held.tryKubectl('exec', 'absent', '--', 'true');
    expect(absent.stderr).toMatch(/pods "absent" not found/);
    expect((await held.tryKubectl('exec', 'shell', '-c', 'absent', '--', 'true')).stderr).toMatch(
      /container absent is not valid for pod shell|container not found/,
    );
    expect((await held.tryKubectl('exec', 'shell', '--', 'no-such-program')).code).not.toBe(0);
  });

  test('attach joins a container, and run -i --rm ends with it', async () => {
    const image = '--image=docker.io/local/guestbook-redis:1';
    const run = await held.kubectlWithInput(
      'hello\n',
      'run',
      'once',
      image,
      '-i',
      '--rm',
      '--restart=Never',
      '--command',
      '--',
      'sh',
      '-c',
      'read word; echo "heard $word"',
    );
    expect(run).toContain('heard hello');
    await held.kubectlWithInput(
      pod('ticker', 'i=0; while true; do i=$((i+1)); echo tick $i; sleep 0.2; done'),
      'apply',
      '-f',
      '-',
    );
    await held.kubectl('wait', '--for=condition=Ready', 'pod/ticker', '--timeout=60s');
    const attached = background('attach', 'ticker');
    await eventually(async () => (attached.text.match(/tick/g) ?? []).length > 5);
    attached.child.kill();
  }, 90_000);

  test('logs -f follows line by line, and ends with the container', async () => {
    const command = 'i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo line $i; sleep 0.1; done';
    await held.kubectlWithInput(
      pod('counter', command).replace('spec:', 'spec:\n  restartPolicy: Never'),
      'apply',
      '-f',
      '-',
    );
    await eventually(async () => (await held.tryKubectl('logs', 'counter')).stdout.includes('line 1'));
    const followed = background('logs', '-f', 'counter');
    await eventually(async () => followed.code !== undefined);
    expect(followed.code).toBe(0);
    expect(followed.text).toBe(Array.from({ length: 30 }, (_, i) => `line ${i + 1}\n`).join(''));
    const absent = await held.tryKubectl('logs', '-f', 'absent');
    expect(absent.stderr).toMatch(/pods "absent" not found/);
  }, 60_000);

  test('cp copies there and back', async () => {
    const folder = mkdtempSync(join(held.folder, 'cp-'));
    const bytes = Buffer.alloc(3_000_000, 'zeroplane ');
    writeFileSync(join(folder, 'there'), bytes);
    await held.kubectl('cp', join(folder, 'there'), 'shell:/tmp/there');
    await held.kubectl('cp', 'shell:/tmp/there', join(folder, 'back'));
    expect(readFileSync(join(folder, 'back')).equals(bytes)).toBe(true);
  }, 60_000);

  test('port-forward carries several connections', async () => {
    await held.kubectlWithInput(pod('cache', 'redis-server --save "" --port 6379'), 'apply', '-f', '-');
    await held.kubectl('wait', '--for=condition=Ready', 'pod/cache', '--timeout=60s');
    const forward = background('port-forward', 'pod/cache', ':6379');
    const port = await eventually(async () => /127\.0\.0\.1:(\d+) ->/.exec(forward.text)?.[1]);
    const answers = await Promise.all(Array.from({ length: 5 }, (_, i) => say(Number(port), `ECHO hello-${i}\r\n`)));
    expect(answers).toEqual([0, 1, 2, 3, 4].map((i) => `$7\r\nhello-${i}\r\n`));
    forward.child.kill();
  }, 90_000);

  test('helm installs, waits and uninstalls', async () => {
    const chart = join(process.cwd(), 'test/integration/chart');
    await held.zeroplane('image', 'load', guestbookImages()[1]!);
    await held.helm('install', 'demo', chart, '--wait', '--timeout', '60s');
    expect(await held.helm('list')).toMatch(/demo.*deployed/);
    await held.helm('uninstall', 'demo', '--wait');
  }, 120_000);

  test('rollouts, waits and deletions, which watch, end', async () => {
    await held.kubectl('create', 'deployment', 'web', '--image=docker.io/local/guestbook-redis:1', '--replicas=2');
    await held.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s');
    await held.kubectl('delete', 'deployment', 'web', '--wait');
  }, 90_000);

  test('forty informers hold no request open', async () => {
    const token = JSON.parse(readFileSync(held.kubeconfig, 'utf8')).users[0].user.token;
    const left = new AbortController();
    const resources = [
      'pods',
      'services',
      'configmaps',
      'secrets',
      'serviceaccounts',
      'events',
      'endpoints',
      'limitranges',
    ];
    const watches = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const namespace = ['default', 'kube-system', 'kube-public', 'kube-node-lease', 'other'][Math.floor(i / 8)];
        const url = `https://proxy/api/v1/namespaces/${namespace}/${resources[i % 8]}?watch=1`;
        const headers = { authorization: `Bearer ${token}` };
        return (await cluster.proxy.fetch(new Request(url, { headers, signal: left.signal }))).status;
      }),
    );
    expect(new Set(watches)).toEqual(new Set([200]));
    await eventually(async () => cluster.gateway.open() === 0);
    cluster.gateway.reset();
    await eventually(async () => cluster.gateway.asked() > 40);
    const samples = [];
    for (let i = 0; i < 50; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      samples.push(cluster.gateway.open());
    }
    // Each question is answered at once: between them nothing is open.
    expect(samples.filter((open) => open === 0).length).toBeGreaterThan(10);
    left.abort();
  }, 60_000);
});

function say(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
      if (answer.endsWith('\r\n') && answer.split('\r\n').length > 2) {
        socket.end();
        resolve(answer);
      }
    });
    socket.on('error', reject);
  });
}
