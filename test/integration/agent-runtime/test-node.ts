import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { containerdPaths } from '../../../agent/runtime/containerd/paths.ts';
import { tearDownContainerd } from '../../../agent/runtime/containerd/teardown.ts';
import { criRuntime } from '../../../agent/runtime/cri-runtime.ts';
import { loadImages } from '../../../agent/runtime/images/load.ts';
import { ociArchive } from '../../../agent/runtime/images/oci-archive.ts';
import { imageArchitecture } from '../../../agent/runtime/images/pause.ts';
import type { ContainerConfig, PodSandboxConfig } from '../../../agent/runtime-contract.ts';
import type { Pod } from '../../../lib/api/types.ts';
import { issueAuthority, issueCertificate } from '../../../lib/pki/issue.ts';
import { systemClock } from '../../../lib/runtime/clock.ts';
import { busyboxBinary } from '../agent/busybox.ts';
import { debianPackages } from '../debian-packages.ts';

const NODE_IP = '169.254.78.2';
const HOST_IP = '169.254.78.1';
const CGROUP_ROOT = '/zeroplane-test-agent-runtime';
export const IMAGE = 'docker.io/library/tool:1';

/** A real containerd and a real server in a network namespace of their own. Everything is taken away by `remove`. */
export class TestNode {
  readonly folder = mkdtempSync(join(tmpdir(), 'zp-node-'));
  readonly netns = `zpr-${process.pid}`;
  readonly runtime = criRuntime(containerdPaths(`${this.folder}/containerd`).socket);
  readonly socket = containerdPaths(`${this.folder}/containerd`).socket;
  #process: ChildProcess | undefined;
  port = 0;
  readonly #pods: Pod[] = [];

  async start(): Promise<void> {
    debianPackages({ ps: 'procps' });
    this.#network();
    await this.#certificates();
    this.#writePods();
    await this.startProcess();
    await loadImages(this.socket, this.#busyboxImage());
  }

  async startProcess(): Promise<void> {
    const program = join(process.cwd(), 'test/integration/agent-runtime/node.ts');
    const node = [process.execPath, '--no-warnings', program, this.folder, NODE_IP];
    const child = spawn('nsenter', [`--net=/run/netns/${this.netns}`, ...node], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = child;
    const line = await new Promise<Buffer>((resolve, reject) => {
      child.stdout?.once('data', resolve);
      child.once('exit', (code) => reject(new Error(`the node ended with ${code}`)));
    });
    this.port = Number(line.toString());
  }

  async stopProcess(): Promise<void> {
    const child = this.#process;
    if (!child) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    this.#process = undefined;
    child.kill('SIGKILL');
    await ended;
  }

  async tearDown(): Promise<void> {
    await tearDownContainerd({
      folder: `${this.folder}/containerd`,
      cgroupMount: '/sys/fs/cgroup',
      cgroupRoot: CGROUP_ROOT,
      graceSeconds: 0,
      clock: systemClock,
    });
  }

  async remove(): Promise<void> {
    this.runtime.close();
    await this.stopProcess();
    await this.tearDown();
    execFileSync('ip', ['netns', 'delete', this.netns]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Starts a pod of one container and tells the server of it. */
  async run(
    name: string,
    command: string[],
    more: Partial<ContainerConfig> = {},
  ): Promise<{ pod: Pod; id: string; sandbox: string }> {
    const config = this.sandboxConfig(name);
    const sandbox = await this.runtime.runPodSandbox(config);
    const id = await this.runtime.createContainer(sandbox, containerConfig(config, command, more), config);
    await this.runtime.startContainer(id);
    const status = { name: 'c', containerID: `containerd://${id}`, state: { running: {} }, image: IMAGE };
    const pod = {
      metadata: config.metadata,
      spec: { containers: [{ name: 'c', image: IMAGE }] },
      status: { phase: 'Running', containerStatuses: [status] },
    } as unknown as Pod;
    this.#pods.push(pod);
    this.#writePods();
    return { pod, id, sandbox };
  }

  sandboxConfig(name: string): PodSandboxConfig {
    const metadata = { name, namespace: 'default', uid: `uid-${name}`, attempt: 0 };
    mkdirSync(join(this.folder, 'logs', name), { recursive: true });
    return {
      metadata,
      hostname: name,
      logDirectory: join(this.folder, 'logs', name),
      labels: { 'io.kubernetes.pod.uid': metadata.uid, 'io.kubernetes.pod.name': name },
      annotations: {},
      linux: {
        cgroupParent: `${CGROUP_ROOT}/kubepods/pod${metadata.uid}`,
        securityContext: { namespaceOptions: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' } },
      },
    };
  }

  /** Credentials of the apiserver, or of somebody else. */
  agent(commonName: 'kube-apiserver-kubelet-client' | 'somebody' | undefined): Agent {
    const pem = (file: string) => readFileSync(join(this.folder, 'pki', file));
    const own = commonName ? { cert: pem(`${commonName}.crt`), key: pem(`${commonName}.key`) } : {};
    return new Agent({ ca: pem('ca.crt'), ...own, checkServerIdentity: () => undefined });
  }

  url(path: string): string {
    return `https://${NODE_IP}:${this.port}${path}`;
  }

  #writePods(): void {
    writeFileSync(join(this.folder, 'pods.json'), JSON.stringify(this.#pods));
  }

  #network(): void {
    const leg = `zpr${process.pid}`.slice(0, 15);
    const ip = (...args: string[]) => execFileSync('ip', args);
    ip('netns', 'add', this.netns);
    ip('link', 'add', leg, 'type', 'veth', 'peer', 'eth0', 'netns', this.netns);
    ip('address', 'add', `${HOST_IP}/30`, 'dev', leg);
    ip('link', 'set', leg, 'up');
    ip('-n', this.netns, 'address', 'add', `${NODE_IP}/30`, 'dev', 'eth0');
    ip('-n', this.netns, 'link', 'set', 'eth0', 'up');
    ip('-n', this.netns, 'route', 'add', 'default', 'via', HOST_IP);
  }

  async #certificates(): Promise<void> {
    const now = Date.now();
    const authority = await issueAuthority('test', now);
    const folder = join(this.folder, 'pki');
    mkdirSync(folder);
    writeFileSync(join(folder, 'ca.crt'), authority.certificate);
    for (const commonName of ['kubelet', 'kube-apiserver-kubelet-client', 'somebody']) {
      const pair = await issueCertificate(
        authority,
        { commonName, names: [NODE_IP], usages: ['server', 'client'] },
        now,
      );
      writeFileSync(join(folder, `${commonName}.crt`), pair.certificate);
      writeFileSync(join(folder, `${commonName}.key`), pair.key);
    }
  }

  #busyboxImage(): string {
    const content = busyboxBinary();
    const file = join(this.folder, 'tool.tar');
    const files = ['bin/sh', 'bin/busybox'].map((path) => ({ path, content, mode: 0o755 }));
    const architecture = imageArchitecture(process.arch);
    writeFileSync(file, ociArchive({ name: 'tool:1', architecture, files, config: { Env: ['PATH=/bin'] } }));
    return file;
  }
}

export function containerConfig(
  sandbox: PodSandboxConfig,
  command: string[],
  more: Partial<ContainerConfig> = {},
): ContainerConfig {
  return {
    metadata: { name: 'c', attempt: 0 },
    image: IMAGE,
    command,
    envs: [{ key: 'GREETING', value: 'hello' }],
    mounts: [],
    labels: { 'io.kubernetes.pod.uid': sandbox.metadata.uid, 'io.kubernetes.container.name': 'c' },
    annotations: {},
    logPath: 'c/0.log',
    linux: {
      resources: { memoryLimitInBytes: 64 << 20 },
      securityContext: { namespaceOptions: { network: 'POD', pid: 'CONTAINER', ipc: 'POD' } },
    },
    ...more,
  };
}
