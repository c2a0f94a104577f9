import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, guestbookImages, TestCluster } from './cluster.ts';

const manifest = `
apiVersion: v1
kind: Pod
metadata:
  name: cache
  labels: { app: cache }
spec:
  terminationGracePeriodSeconds: 2
  containers:
    - name: redis
      image: docker.io/local/guestbook-redis:1
      ports: [{ containerPort: 6379, name: redis }]
`;

describe('kubectl', () => {
  const cluster = new TestCluster('kubectl');
  beforeAll(async () => {
    await cluster.up();
    await cluster.zeroplane('image', 'load', guestbookImages()[0]!);
    await cluster.kubectlWithInput(manifest, 'apply', '-f', '-');
    await cluster.kubectl('wait', '--for=condition=Ready', 'pod/cache', '--timeout=60s');
  }, 180_000);
  afterAll(() => cluster.delete(), 60_000);

  test('get prints the columns that kube-apiserver gives', async () => {
    expect(await cluster.kubectl('get', 'pods')).toMatch(
      /^NAME +READY +STATUS +RESTARTS +AGE\ncache +1\/1 +Running +0 +\d+s\n$/,
    );
    expect(await cluster.kubectl('get', 'pods', '-o', 'wide')).toMatch(/NODE +NOMINATED NODE +READINESS GATES/);
    expect(await cluster.kubectl('get', 'nodes')).toMatch(/Ready +\S+ +\d+s +v1\.37\.2\+zeroplane/);
    expect(await cluster.kubectl('get', 'pod', 'cache', '-o', 'jsonpath={.status.phase}')).toBe('Running');
  });

  test('describe shows the pod and its events', async () => {
    const text = await cluster.kubectl('describe', 'pod', 'cache');
    expect(text).toMatch(/Status: +Running/);
    expect(text).toMatch(/Scheduled .*Successfully assigned default\/cache/);
    expect(text).toMatch(/Started/);
  });

  test('explain knows the fields', async () => {
    expect(await cluster.kubectl('explain', 'deployment.spec.strategy.rollingUpdate')).toMatch(
      /maxSurge\s+<IntOrString>/,
    );
  });

  test('diff says what apply would change, and apply changes it', async () => {
    const changed = manifest.replace('{ app: cache }', '{ app: cache, tier: data }');
    const file = join(mkdtempSync(join(cluster.folder, 'diff-')), 'pod.yaml');
    writeFileSync(file, changed);
    const diff = await cluster.tryKubectl('diff', '-f', file);
    expect(diff.code).toBe(1);
    expect(diff.stdout).toMatch(/\+ +tier: data/);
    expect(await cluster.kubectl('apply', '-f', file)).toBe('pod/cache configured\n');
    expect(await cluster.kubectl('apply', '-f', file)).toBe('pod/cache unchanged\n');
  });

  test('label, annotate, patch and edit change the object', async () => {
    await cluster.kubectl('label', 'pod', 'cache', 'team=a');
    await cluster.kubectl('annotate', 'pod', 'cache', 'note=b');
    await cluster.kubectl(
      'patch',
      'pod',
      'cache',
      '--type=json',
      '-p',
      '[{"op":"add","path":"/metadata/labels/patched","value":"yes"}]',
    );
    const editor = join(cluster.folder, 'editor.sh');
    writeFileSync(editor, '#!/bin/sh\nsed -i "s/team: a/team: c/" "$1"\n', { mode: 0o755 });
    await new Promise((resolve, reject) => {
      const env = { ...process.env, KUBECONFIG: cluster.kubeconfig, KUBE_EDITOR: editor };
      execFile(cluster.kubectlPath, ['edit', 'pod', 'cache'], { env }, (error) =>
        error ? reject(error) : resolve(undefined),
      );
    });
    const { labels, annotations } = (await cluster.json('get', 'pod', 'cache')).metadata;
    expect(labels).toMatchObject({ team: 'c', patched: 'yes', tier: 'data' });
    expect(annotations.note).toBe('b');
  });

  test('a refused request says what kube-apiserver says', async () => {
    const { stderr, code } = await cluster.tryKubectl(
      'patch',
      'pod',
      'cache',
      '-p',
      '{"spec":{"restartPolicy":"Sometimes"}}',
    );
    expect(code).toBe(1);
    expect(stderr).toContain('The Pod "cache" is invalid');
    expect((await cluster.tryKubectl('get', 'pod', 'absent')).stderr).toBe(
      'Error from server (NotFound): pods "absent" not found\n',
    );
  });

  test('create token gives a token that the server takes, with the rights of its account and no more', async () => {
    const token = (await cluster.kubectl('create', 'token', 'default')).trim();
    const whoami = await cluster.json('auth', 'whoami', `--token=${token}`).catch((error: Error) => error.message);
    expect(JSON.stringify(whoami)).toMatch(/kubernetes-admin|system:serviceaccount:default:default/);
    expect(await cluster.kubectl('auth', 'can-i', 'create', 'deployments')).toBe('yes\n');
    const other = await cluster.tryKubectl(
      'auth',
      'can-i',
      'list',
      'secrets',
      '--as=system:serviceaccount:default:default',
    );
    expect(other.stdout).toBe('no\n');
    await cluster.kubectl('create', 'rolebinding', 'reader', '--clusterrole=view', '--serviceaccount=default:default');
    expect(await cluster.kubectl('auth', 'can-i', 'list', 'pods', '--as=system:serviceaccount:default:default')).toBe(
      'yes\n',
    );
  });

  test('api-resources lists what the cluster serves', async () => {
    const text = await cluster.kubectl('api-resources');
    expect(text).toMatch(/deployments +deploy +apps\/v1 +true +Deployment/);
    expect(text).toMatch(/nodes +no +v1 +false +Node/);
  });

  test('top nodes, without a metrics-server', async () => {
    await eventually(async () => /^node-1\s+\d+m\s+\d+%\s+\d+Mi\s+\d+%/m.test(await cluster.kubectl('top', 'nodes')));
  });

  test('logs, with follow, tail and since', async () => {
    expect(await cluster.kubectl('logs', 'cache')).toMatch(/Ready to accept connections/);
    expect((await cluster.kubectl('logs', 'cache', '--tail=1')).split('\n')).toHaveLength(2);
    expect(await cluster.kubectl('logs', 'cache', '--since=1h', '--timestamps')).toMatch(/^20\d\d-/);
  });

  test('exec gives output, the exit code and standard input', async () => {
    expect(await cluster.kubectl('exec', 'cache', '--', 'redis-cli', 'ping')).toBe('PONG\n');
    expect((await cluster.tryKubectl('exec', 'cache', '--', 'sh', '-c', 'exit 7')).code).toBe(7);
    expect(await cluster.kubectlWithInput('PING\n', 'exec', '-i', 'cache', '--', 'redis-cli')).toBe('PONG\n');
  });

  test('cp copies both ways', async () => {
    const file = join(cluster.folder, 'large');
    writeFileSync(file, Buffer.alloc(5 << 20, 'zeroplane'));
    await cluster.kubectl('cp', file, 'cache:/tmp/large');
    await cluster.kubectl('cp', 'cache:/tmp/large', `${file}.back`);
    expect(readFileSync(`${file}.back`).equals(readFileSync(file))).toBe(true);
  }, 60_000);

  test('port-forward reaches the container', async () => {
    const env = { ...process.env, KUBECONFIG: cluster.kubeconfig };
    const forward = execFile(cluster.kubectlPath, ['port-forward', 'pod/cache', ':6379'], { env });
    try {
      const port = await new Promise<number>((resolve, reject) => {
        forward.stdout?.on('data', (text: string) => {
          const match = /127\.0\.0\.1:(\d+)/.exec(text);
          if (match) resolve(Number(match[1]));
        });
        forward.on('exit', () => reject(new Error('port-forward ended')));
      });
      const answer = await new Promise<string>((resolve, reject) => {
        execFile(
          'sh',
          [
            '-c',
            `printf 'PING\\r\\nQUIT\\r\\n' | timeout 10 bash -c 'exec 3<>/dev/tcp/127.0.0.1/${port}; cat >&3; cat <&3'`,
          ],
          (error, stdout) => (error ? reject(error) : resolve(stdout)),
        );
      });
      expect(answer).toContain('+PONG');
    } finally {
      forward.kill();
    }
  }, 60_000);

  test('rollout status, history, restart and undo', async () => {
    await cluster.kubectl('create', 'deployment', 'web', '--image=docker.io/local/guestbook-redis:1');
    await cluster.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s');
    await cluster.kubectl('rollout', 'restart', 'deployment/web');
    await cluster.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s');
    expect(await cluster.kubectl('rollout', 'history', 'deployment/web')).toMatch(
      /REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>/,
    );
    await cluster.kubectl('rollout', 'undo', 'deployment/web');
    expect(await cluster.kubectl('rollout', 'history', 'deployment/web')).toMatch(/\n2 +<none>\n3 +<none>/);
  }, 120_000);

  test('deleting a namespace takes everything in it along', async () => {
    await cluster.kubectl('create', 'namespace', 'gone');
    await cluster.kubectl('create', 'deployment', 'web', '-n', 'gone', '--image=docker.io/local/guestbook-redis:1');
    await eventually(async () => (await cluster.json('get', 'pods', '-n', 'gone')).items.length === 1);
    await cluster.kubectl('delete', 'namespace', 'gone', '--timeout=90s');
    expect((await cluster.tryKubectl('get', 'namespace', 'gone')).stderr).toContain('NotFound');
  }, 120_000);

  test('deleting a pod ends it within its grace period', async () => {
    await cluster.kubectl('delete', 'pod', 'cache', '--timeout=30s');
    expect((await cluster.tryKubectl('get', 'pod', 'cache')).stderr).toContain('NotFound');
  }, 60_000);
});
