import {
  type Container,
  type ContainerConfig,
  type ContainerStatus,
  type ExecResult,
  type PodSandboxConfig,
  type PodSandboxStatus,
  type Runtime,
  RuntimeError,
} from '../../agent/runtime-contract.ts';
import type { Clock } from '../../lib/runtime/clock.ts';

/** A container runtime in memory: containers run until told to exit, or exit as their script says. */
export interface FakeRuntime extends Runtime {
  /** Images on the node. */
  images: Set<string>;
  /** Images that can be pulled. */
  registry: Set<string>;
  /** How a started container of this name ends at once, by its attempt; undefined: it runs. */
  scripts: Map<string, (attempt: number) => number | undefined>;
  exits: { id: string; timeoutSeconds: number }[];
  onExec: (id: string, command: readonly string[]) => ExecResult | Promise<ExecResult>;
  /** A stop waits for this before the container ends. */
  onStop: (name: string) => Promise<void>;
  exit(name: string, exitCode: number): void;
  running(): string[];
  config(id: string): ContainerConfig;
  sandboxConfigs(): PodSandboxConfig[];
  /** Sandboxes as after a reboot: all dead. */
  killSandboxes(): void;
}

type FakeContainer = ContainerStatus & { podSandboxId: string; config: ContainerConfig };
type FakeSandbox = PodSandboxStatus & { config: PodSandboxConfig };

const SUCCESS: ExecResult = { stdout: new Uint8Array(), stderr: new Uint8Array(), exitCode: 0 };

export function fakeRuntime(clock: Clock): FakeRuntime {
  const sandboxes = new Map<string, FakeSandbox>();
  const containers = new Map<string, FakeContainer>();
  let sequence = 0;

  const end = (container: FakeContainer, exitCode: number) => {
    if (container.state === 'EXITED') return;
    const reason = exitCode === 0 ? 'Completed' : 'Error';
    Object.assign(container, { state: 'EXITED', exitCode, reason, finishedAtMs: clock.now() });
  };
  const find = (id: string): FakeContainer => {
    const container = containers.get(id);
    if (!container) throw new RuntimeError('NotFound', `container ${id} not found`);
    return container;
  };
  const matches = (labels: Record<string, string>, wanted: Record<string, string> = {}) =>
    Object.entries(wanted).every(([key, value]) => labels[key] === value);
  const image = (name: string) => ({
    id: `sha256:${name}`,
    repoTags: [name],
    repoDigests: [],
    sizeBytes: 1000,
    uid: 0,
  });
  const unused = () => Promise.reject(new Error('not part of this fake'));

  const fake: FakeRuntime = {
    images: new Set(['i']),
    registry: new Set(),
    scripts: new Map(),
    exits: [],
    onExec: () => SUCCESS,
    onStop: () => Promise.resolve(),
    exit(name, exitCode) {
      for (const container of containers.values())
        if (container.metadata.name === name && container.state === 'RUNNING') end(container, exitCode);
    },
    running: () => [...containers.values()].filter((one) => one.state === 'RUNNING').map((one) => one.metadata.name),
    config: (id) => find(id).config,
    sandboxConfigs: () => [...sandboxes.values()].map(({ config }) => config),
    killSandboxes() {
      for (const sandbox of sandboxes.values()) sandbox.state = 'NOTREADY';
      for (const container of containers.values()) end(container, 255);
    },

    version: async () => ({ runtimeName: 'fake', runtimeVersion: '1', runtimeApiVersion: 'v1' }),
    status: async () => ({
      conditions: ['RuntimeReady', 'NetworkReady'].map((type) => ({ type, status: true, reason: '', message: '' })),
    }),
    async runPodSandbox(config) {
      const id = `sandbox-${++sequence}`;
      const { metadata, labels, annotations } = config;
      const ips = config.linux.securityContext.namespaceOptions.network === 'NODE' ? [] : [`10.244.0.${sequence}`];
      sandboxes.set(id, { id, metadata, labels, annotations, state: 'READY', createdAtMs: clock.now(), ips, config });
      return id;
    },
    async stopPodSandbox(id) {
      const sandbox = sandboxes.get(id);
      if (sandbox) Object.assign(sandbox, { state: 'NOTREADY', ips: [] });
      for (const container of containers.values()) if (container.podSandboxId === id) end(container, 137);
    },
    async removePodSandbox(id) {
      sandboxes.delete(id);
    },
    podSandboxStatus: async (id) => sandboxes.get(id),
    listPodSandboxes: async (filter) => [...sandboxes.values()].filter(({ labels }) => matches(labels, filter?.labels)),
    async createContainer(podSandboxId, config) {
      const id = `container-${++sequence}`;
      containers.set(id, {
        id,
        podSandboxId,
        config,
        metadata: config.metadata,
        state: 'CREATED',
        createdAtMs: clock.now() + sequence / 1000,
        startedAtMs: 0,
        finishedAtMs: 0,
        exitCode: 0,
        image: config.userSpecifiedImage ?? config.image,
        imageRef: config.image,
        reason: '',
        message: '',
        labels: config.labels,
        annotations: config.annotations,
        mounts: config.mounts,
        logPath: '',
      });
      return id;
    },
    async startContainer(id) {
      const container = find(id);
      Object.assign(container, { state: 'RUNNING', startedAtMs: clock.now() });
      const { name, attempt } = container.metadata;
      const exitCode = fake.scripts.get(name)?.(attempt);
      if (exitCode !== undefined) end(container, exitCode);
    },
    async stopContainer(id, timeoutSeconds) {
      const container = find(id);
      fake.exits.push({ id, timeoutSeconds });
      await fake.onStop(container.metadata.name);
      end(container, 137);
    },
    async removeContainer(id) {
      containers.delete(id);
    },
    containerStatus: async (id) => {
      const found = containers.get(id);
      return found && { ...found };
    },
    listContainers: async (filter) =>
      [...containers.values()]
        .filter(({ labels }) => matches(labels, filter?.labels))
        .map((one): Container => ({ ...one })),
    updateContainerResources: unused,
    reopenContainerLog: unused,
    execSync: async (id, command) => fake.onExec(id, command),
    exec: unused,
    attach: unused,
    portForward: unused,
    containerStats: async () => undefined,
    listContainerStats: async () => [],
    imageStatus: async (name) =>
      fake.images.has(name.replace('sha256:', '')) ? image(name.replace('sha256:', '')) : undefined,
    listImages: async () => [...fake.images].map(image),
    async pullImage(name) {
      if (!fake.registry.has(name)) throw new RuntimeError('NotFound', `${name}: not found`);
      fake.images.add(name);
      return `sha256:${name}`;
    },
    removeImage: unused,
    imageFsInfo: async () => [],
  };
  return fake;
}
