import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync } from 'node:fs';
import { get } from 'node:https';
import { createWebSocketStream } from 'ws';
import { containerdPaths } from '../../../agent/runtime/containerd/paths.ts';
import { runningContainerd } from '../../../agent/runtime/containerd/process.ts';
import { SpdyConnection } from '../../../agent/server/spdy/connection.ts';
import { fetchText, Session, spdyUpgrade, tunnel } from './kubelet-client.ts';
import { containerConfig, IMAGE, TestNode } from './test-node.ts';

const node = new TestNode();
const V5 = 'v5.channel.k8s.io';
const V4 = 'v4.channel.k8s.io';

beforeAll(() => node.start(), 240_000);
afterAll(() => node.remove(), 60_000);

const exec = (pod: string, command: string[], more = '') =>
  `/exec/default/${pod}/c?output=1&error=1${more}${command.map((word) => `&command=${encodeURIComponent(word)}`).join('')}`;

describe('a real container runtime', () => {
  test('is ready, and has the sandbox image and what was loaded under its full name', async () => {
    expect(await node.runtime.version()).toMatchObject({ runtimeName: 'containerd', runtimeApiVersion: 'v1' });
    const conditions = (await node.runtime.status()).conditions;
    expect(conditions.map(({ type, status }) => `${type} ${status}`).sort()).toEqual([
      'NetworkReady true',
      'RuntimeReady true',
    ]);
    const images = (await node.runtime.listImages()).flatMap((image) => image.repoTags);
    expect(images.sort()).toEqual([IMAGE, 'docker.io/zeroplane/pause:1']);
    expect(await node.runtime.imageStatus('tool:1')).toMatchObject({ repoTags: [IMAGE] });
    expect(await node.runtime.imageStatus('absent:1')).toBeUndefined();
  });

  test('runs a command to its end and says how it ended', async () => {
    const config = node.sandboxConfig('once');
    const sandbox = await node.runtime.runPodSandbox(config);
    expect(await node.runtime.podSandboxStatus(sandbox)).toMatchObject({
      state: 'READY',
      ips: [expect.stringMatching(/^10\.78\.1\./)],
    });
    const command = ['sh', '-c', 'echo $GREETING; exit 3'];
    const id = await node.runtime.createContainer(sandbox, containerConfig(config, command), config);
    expect(await node.runtime.containerStatus(id)).toMatchObject({ state: 'CREATED', finishedAtMs: 0 });
    await node.runtime.startContainer(id);
    await node.runtime.stopContainer(id, 5);
    const status = await node.runtime.containerStatus(id);
    expect(status).toMatchObject({
      state: 'EXITED',
      exitCode: 3,
      reason: 'Error',
      metadata: { name: 'c', attempt: 0 },
    });
    expect(readFileSync(status!.logPath, 'utf8')).toMatch(/^\S+ stdout F hello\n$/);
    await node.runtime.stopPodSandbox(sandbox);
    await node.runtime.removePodSandbox(sandbox);
    expect(await node.runtime.podSandboxStatus(sandbox)).toBeUndefined();
    await expect(node.runtime.stopPodSandbox(sandbox)).resolves.toBeUndefined();
  });

  test('the sandbox process reaps what is orphaned in a shared pid namespace, and ends on SIGTERM', async () => {
    const config = node.sandboxConfig('shared');
    config.linux.securityContext.namespaceOptions.pid = 'POD';
    const sandbox = await node.runtime.runPodSandbox(config);
    const command = containerConfig(config, ['sh', '-c', 'while :; do busybox sleep 1000; done']);
    command.linux.securityContext.namespaceOptions.pid = 'POD';
    const id = await node.runtime.createContainer(sandbox, command, config);
    await node.runtime.startContainer(id);
    await node.runtime.execSync(id, ['sh', '-c', '(busybox true & ) ; (busybox true &)'], 5_000);
    const { stdout } = await node.runtime.execSync(id, ['sh', '-c', 'busybox ps; busybox kill 1'], 5_000);
    expect(Buffer.from(stdout).toString()).toMatch(/^\s+1 .*\/pause$/m);
    expect(Buffer.from(stdout).toString()).not.toMatch(/ Z /);
    await node.runtime.stopPodSandbox(sandbox);
    await node.runtime.removePodSandbox(sandbox);
  });

  test('tells of memory and processor use', async () => {
    const { id } = await node.run('stats', ['sh', '-c', 'while :; do busybox sleep 1000; done']);
    const stats = await node.runtime.containerStats(id);
    expect(stats!.memory!.workingSetBytes).toBeGreaterThan(0);
    expect(stats!.cpu!.usageCoreNanoSeconds).toBeGreaterThan(0);
    const summary = JSON.parse((await fetchText(node, '/stats/summary')).text);
    expect(summary.pods.map((p: any) => p.podRef.name)).toContain('stats');
    expect((await fetchText(node, '/metrics/resource')).text).toMatch(
      /container_memory_working_set_bytes\{container="c",namespace="default",pod="stats"\} \d+/,
    );
  });
});

describe('the agent server', () => {
  beforeAll(async () => {
    await node.run(
      'shell',
      [
        'sh',
        '-c',
        'echo one; busybox sleep 0.1; echo two >&2; busybox sleep 0.1; busybox printf part; busybox sleep 0.2; echo ed; while read line; do echo "got $line"; done; busybox sleep 1000',
      ],
      { stdin: true },
    );
  }, 30_000);

  test('answers only the apiserver', async () => {
    expect(await fetchText(node, '/pods', { agent: node.agent(undefined) })).toEqual({
      status: 401,
      text: 'Unauthorized',
    });
    expect(await fetchText(node, '/pods', { agent: node.agent('somebody') })).toMatchObject({ status: 403 });
    expect((await fetchText(node, '/healthz')).text).toBe('ok');
    expect(JSON.parse((await fetchText(node, '/pods')).text).items.map((p: any) => p.metadata.name)).toContain('shell');
    expect((await fetchText(node, '/nothing')).status).toBe(404);
  });

  test('exec over WebSocket v5 gives output, errors and the exit code', async () => {
    const session = await Session.open(node, exec('shell', ['sh', '-c', 'echo out; echo err >&2; exit 7']), V5);
    await session.closed;
    expect(session.channels.slice(1, 3)).toEqual(['out\n', 'err\n']);
    expect(session.result).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '7' }] },
    });
  });

  test('exec over WebSocket v5 ends its input when the client closes the channel', async () => {
    const session = await Session.open(node, exec('shell', ['busybox', 'wc', '-c'], '&input=1'), V5);
    session.send(0, 'x'.repeat(5_000_000));
    session.socket.send(Buffer.from([255, 0]));
    await session.closed;
    expect(session.channels[1]).toBe('5000000\n');
    expect(session.result.status).toBe('Success');
  });

  test('exec with a terminal has its size, and changes it', async () => {
    const session = await Session.open(node, exec('shell', ['sh'], '&input=1&tty=1'), V5);
    session.send(4, '{"Width":101,"Height":33}');
    session.send(0, 'until busybox stty size | busybox grep -q 101; do :; done; busybox stty size; exit 4\n');
    await session.closed;
    expect(session.channels[1]).toContain('33 101');
    expect(session.result.details?.causes[0]?.message).toBe('4');
  });

  test('exec moves a hundred megabytes each way whole', async () => {
    const count = 'busybox head -c 100000000 /dev/zero';
    const session = await Session.open(node, exec('shell', ['sh', '-c', count]), V5);
    await session.closed;
    expect(session.bytes - (session.channels[3]?.length ?? 0)).toBe(100_000_000);
    const up = await Session.open(node, exec('shell', ['busybox', 'wc', '-c'], '&input=1'), V5);
    for (let i = 0; i < 100; i++) up.send(0, Buffer.alloc(1_000_000));
    up.socket.send(Buffer.from([255, 0]));
    await up.closed;
    expect(up.channels[1]).toBe('100000000\n');
  }, 30_000);

  test('exec over WebSocket v4 and over SPDY is the runtime own', async () => {
    const session = await Session.open(node, exec('shell', ['sh', '-c', 'echo out; exit 2']), V4);
    await session.closed;
    expect(session.channels[1]).toBe('out\n');
    expect(session.result.details?.causes[0]?.message).toBe('2');

    const { socket, head } = await spdyUpgrade(node, exec('shell', ['sh', '-c', 'echo spdy; exit 5']), V4);
    const output = new Map<number, string>();
    await new Promise<void>((resolve) => {
      const spdy = new SpdyConnection(socket, head, {
        data: (stream, bytes) => output.set(stream, (output.get(stream) ?? '') + bytes),
        end: () => undefined,
        close: resolve,
      });
      for (const streamtype of ['error', 'stdout', 'stderr']) spdy.open({ streamtype });
    });
    expect(output.get(3)).toBe('spdy\n');
    expect(output.get(1)).toContain('"message":"5"');
  });

  test('exec says what is wrong', async () => {
    await expect(Session.open(node, '/exec/default/absent/c?output=1&command=sh', V5)).rejects.toThrow('404');
    await expect(Session.open(node, '/exec/default/shell/nope?output=1&command=sh', V5)).rejects.toThrow('500');
    const session = await Session.open(node, exec('shell', ['no-such-program']), V5);
    await session.closed;
    expect(session.channels[3]).toMatch(/no-such-program.*executable file not found/);
    expect(await fetchText(node, exec('shell', ['sh']))).toMatchObject({
      status: 400,
      text: 'Upgrade request required',
    });
  });

  test('attach talks with the process itself', async () => {
    const session = await Session.open(node, '/attach/default/shell/c?input=1&output=1&error=1', V5);
    session.send(0, 'hello\n');
    await session.until(1, 'got hello\n');
    session.socket.close();
    await session.closed;
  });

  test('logs are whole lines, joined, bounded and timed as asked', async () => {
    const logs = async (query = '') => (await fetchText(node, `/containerLogs/default/shell/c${query}`)).text;
    expect(await logs()).toBe('one\ntwo\nparted\ngot hello\n');
    expect(await logs('?tailLines=1')).toBe('got hello\n');
    expect(await logs('?limitBytes=5')).toBe('one\nt');
    expect(await logs('?stream=Stderr')).toBe('two\n');
    expect(await logs('?timestamps=true&tailLines=1')).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\S+ got hello\n$/,
    );
    expect(await logs(`?sinceTime=${encodeURIComponent('2099-01-01T00:00:00Z')}`)).toBe('');
    expect(await fetchText(node, '/containerLogs/default/shell/c?previous=true')).toEqual({
      status: 400,
      text: 'previous terminated container "c" in pod "shell" not found',
    });
    expect((await fetchText(node, '/containerLogs/default/absent/c')).text).toBe('pod "absent" does not exist');
    expect((await fetchText(node, '/containerLogs/default/shell/c?tailLines=-1')).status).toBe(422);
  });

  test('following a log goes on through rotation, and ends with the container', async () => {
    const { id } = await node.run('writer', ['sh', '-c', 'while read line; do echo "$line"; done'], { stdin: true });
    const input = await Session.open(node, '/attach/default/writer/c?input=1&output=1', V5);
    let text = '';
    let seen = () => {};
    const agent = node.agent('kube-apiserver-kubelet-client');
    const ended = new Promise<void>((resolve, reject) => {
      get(node.url('/containerLogs/default/writer/c?follow=true'), { agent }, (response) => {
        response.on('data', (part) => {
          text += part;
          seen();
        });
        response.on('end', resolve);
      }).on('error', reject);
    });
    const until = (wanted: string) =>
      new Promise<void>((resolve) => {
        seen = () => text.includes(wanted) && resolve();
        seen();
      });
    input.send(0, 'first\n');
    await until('first\n');
    const { logPath } = (await node.runtime.containerStatus(id))!;
    renameSync(logPath, `${logPath}.1`);
    await node.runtime.reopenContainerLog(id);
    input.send(0, 'second\n');
    await until('second\n');
    await node.runtime.stopContainer(id, 0);
    await ended;
    expect(text).toBe('first\nsecond\n');
  }, 30_000);

  test('port-forward reaches a port of the pod, over SPDY and over SPDY in WebSocket', async () => {
    await node.run('listener', ['busybox', 'nc', '-ll', '-p', '8080', '-e', 'busybox', 'echo', 'pong']);
    const headers = { port: '8080', requestid: '0' };
    const talk = (connect: (events: ConstructorParameters<typeof SpdyConnection>[2]) => SpdyConnection) =>
      new Promise<string>((resolve) => {
        let data = 0;
        const spdy = connect({
          // On the error stream stands that nobody listens (yet).
          data: (stream, bytes) => {
            resolve(stream === data ? String(bytes) : '');
            spdy.close();
          },
          end: () => undefined,
          close: () => undefined,
        });
        spdy.open({ ...headers, streamtype: 'error' });
        data = spdy.open({ ...headers, streamtype: 'data' });
      });
    let answer = '';
    while (answer === '') {
      const { socket, head } = await spdyUpgrade(node, '/portForward/default/listener', 'portforward.k8s.io');
      answer = await talk((events) => new SpdyConnection(socket, head, events));
    }
    expect(answer).toBe('pong\n');
    const stream = createWebSocketStream(await tunnel(node, '/portForward/default/listener'));
    expect(await talk((events) => new SpdyConnection(stream, Buffer.alloc(0), events))).toBe('pong\n');
  }, 30_000);
});

describe('a runtime that outlives its agent', () => {
  test('goes on while the agent is away, and is started again when it dies', async () => {
    const { id } = await node.run('survivor', ['sh', '-c', 'while :; do busybox sleep 1000; done']);
    const paths = containerdPaths(`${node.folder}/containerd`);
    const before = await runningContainerd(paths);
    await node.stopProcess();
    expect(await runningContainerd(paths)).toBe(before);
    process.kill(before!, 'SIGKILL');
    await node.startProcess();
    expect(await runningContainerd(paths)).not.toBe(before);
    expect(await node.runtime.containerStatus(id)).toMatchObject({ state: 'RUNNING' });
  }, 30_000);

  test('leaves no process, mount or cgroup when it is torn down', async () => {
    await node.stopProcess();
    await node.tearDown();
    const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n');
    expect(processes.filter((line) => line.includes(node.folder))).toEqual([]);
    expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(node.folder);
    expect(
      execFileSync('find', ['/sys/fs/cgroup', '-maxdepth', '3', '-name', '*agent-runtime*'], { encoding: 'utf8' }),
    ).toBe('');
  }, 30_000);
});
