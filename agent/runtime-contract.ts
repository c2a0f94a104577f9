/**
 * What the agent asks of a container runtime: CRI v1 (k8s.io/cri-api/pkg/apis/runtime/v1/api.proto) in plain types.
 * Names are CRI's in camel case; times are milliseconds since the Unix epoch, enums are words.
 * Failures are RuntimeError with the gRPC code; a thing that is not there is `undefined` from a status call,
 * and no failure of a stop or remove (CRI says both are idempotent).
 */
export interface Runtime {
  version(): Promise<RuntimeVersion>;
  status(): Promise<RuntimeStatus>;

  /** Returns the sandbox's id once its network is up. */
  runPodSandbox(config: PodSandboxConfig, runtimeHandler?: string): Promise<string>;
  /** Kills what still runs in it and frees its network. Idempotent. */
  stopPodSandbox(id: string): Promise<void>;
  removePodSandbox(id: string): Promise<void>;
  podSandboxStatus(id: string): Promise<PodSandboxStatus | undefined>;
  listPodSandboxes(filter?: SandboxFilter): Promise<PodSandbox[]>;

  createContainer(sandboxId: string, config: ContainerConfig, sandboxConfig: PodSandboxConfig): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** SIGTERM (or the image's stop signal), then SIGKILL after the timeout. Resolves when it has exited. */
  stopContainer(id: string, timeoutSeconds: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  containerStatus(id: string): Promise<ContainerStatus | undefined>;
  listContainers(filter?: ContainerFilter): Promise<Container[]>;
  updateContainerResources(id: string, resources: LinuxContainerResources): Promise<void>;
  /** After the log file was renamed: the runtime opens a new one. */
  reopenContainerLog(id: string): Promise<void>;

  /** Waits for the command to end. Throws RuntimeError `DeadlineExceeded` after the timeout (0: none). */
  execSync(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult>;
  /** URL on which the runtime's streaming server speaks SPDY or WebSocket. */
  exec(request: ExecRequest): Promise<string>;
  attach(request: AttachRequest): Promise<string>;
  portForward(sandboxId: string, ports: readonly number[]): Promise<string>;

  containerStats(id: string): Promise<ContainerStats | undefined>;
  listContainerStats(filter?: { podSandboxId?: string }): Promise<ContainerStats[]>;

  /** `undefined` when the image is not on this node. */
  imageStatus(image: string): Promise<Image | undefined>;
  listImages(): Promise<Image[]>;
  /** Returns the image's ref (id). `auth` from an imagePullSecret. */
  pullImage(image: string, auth?: AuthConfig, sandboxConfig?: PodSandboxConfig): Promise<string>;
  removeImage(image: string): Promise<void>;
  imageFsInfo(): Promise<FilesystemUsage[]>;

  /** Container lifecycle events; absent where the runtime has none (containerd 1.6), then the agent polls. Ends with the signal. */
  containerEvents?(signal: AbortSignal): AsyncIterable<ContainerEvent>;
}

/** Names of the gRPC status codes (google.rpc.Code). */
export type RuntimeErrorCode =
  | 'NotFound'
  | 'AlreadyExists'
  | 'DeadlineExceeded'
  | 'Unavailable'
  | 'InvalidArgument'
  | 'FailedPrecondition'
  | 'Unimplemented'
  | 'Unknown'
  | (string & {});

export class RuntimeError extends Error {
  readonly code: RuntimeErrorCode;

  constructor(code: RuntimeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RuntimeError';
    this.code = code;
  }
}

export interface RuntimeVersion {
  runtimeName: string;
  runtimeVersion: string;
  runtimeApiVersion: string;
}

export interface RuntimeStatus {
  /** `RuntimeReady` and `NetworkReady`. */
  conditions: { type: string; status: boolean; reason: string; message: string }[];
}

// Sandboxes

export interface PodSandboxMetadata {
  name: string;
  uid: string;
  namespace: string;
  attempt: number;
}

export interface PodSandboxConfig {
  metadata: PodSandboxMetadata;
  /** Must be empty with the host's network. */
  hostname?: string;
  logDirectory: string;
  dnsConfig?: { servers: string[]; searches: string[]; options: string[] };
  portMappings?: PortMapping[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  linux: LinuxPodSandboxConfig;
}

export interface PortMapping {
  protocol: 'TCP' | 'UDP' | 'SCTP';
  containerPort: number;
  hostPort?: number;
  hostIp?: string;
}

export interface LinuxPodSandboxConfig {
  cgroupParent?: string;
  securityContext: LinuxSandboxSecurityContext;
  sysctls?: Record<string, string>;
  overhead?: LinuxContainerResources;
  resources?: LinuxContainerResources;
}

export type NamespaceMode = 'POD' | 'CONTAINER' | 'NODE' | 'TARGET';

export interface NamespaceOptions {
  network: NamespaceMode;
  pid: NamespaceMode;
  ipc: NamespaceMode;
  /** The container whose pid namespace is joined; with pid TARGET. */
  targetId?: string;
}

export interface LinuxSandboxSecurityContext {
  namespaceOptions: NamespaceOptions;
  runAsUser?: number;
  runAsGroup?: number;
  readonlyRootfs?: boolean;
  supplementalGroups?: number[];
  privileged?: boolean;
  seccomp?: SecurityProfile;
  apparmor?: SecurityProfile;
}

export interface SecurityProfile {
  profileType: 'RuntimeDefault' | 'Unconfined' | 'Localhost';
  localhostRef?: string;
}

export type PodSandboxState = 'READY' | 'NOTREADY';

export interface PodSandbox {
  id: string;
  metadata: PodSandboxMetadata;
  state: PodSandboxState;
  createdAtMs: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  runtimeHandler?: string;
}

export interface PodSandboxStatus extends PodSandbox {
  /** All addresses, the primary one first; empty with the host's network. */
  ips: string[];
  network?: NamespaceMode;
}

export interface SandboxFilter {
  id?: string;
  state?: PodSandboxState;
  labels?: Record<string, string>;
}

// Containers

export interface ContainerMetadata {
  name: string;
  attempt: number;
}

export interface ContainerConfig {
  metadata: ContainerMetadata;
  /** The id or name that imageStatus or pullImage gave. */
  image: string;
  /** As the pod names it. */
  userSpecifiedImage?: string;
  command?: string[];
  args?: string[];
  workingDir?: string;
  envs: { key: string; value: string }[];
  mounts: Mount[];
  devices?: { containerPath: string; hostPath: string; permissions: string }[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Relative to the sandbox's logDirectory. */
  logPath: string;
  stdin?: boolean;
  stdinOnce?: boolean;
  tty?: boolean;
  linux: { resources: LinuxContainerResources; securityContext: LinuxContainerSecurityContext };
}

export interface Mount {
  containerPath: string;
  hostPath: string;
  readonly?: boolean;
  propagation?: 'PRIVATE' | 'HOST_TO_CONTAINER' | 'BIDIRECTIONAL';
}

export interface LinuxContainerResources {
  cpuPeriod?: number;
  cpuQuota?: number;
  cpuShares?: number;
  memoryLimitInBytes?: number;
  oomScoreAdj?: number;
  cpusetCpus?: string;
  cpusetMems?: string;
  hugepageLimits?: { pageSize: string; limit: number }[];
  /** cgroup v2 files. */
  unified?: Record<string, string>;
  memorySwapLimitInBytes?: number;
}

export interface LinuxContainerSecurityContext {
  capabilities?: { addCapabilities: string[]; dropCapabilities: string[] };
  privileged?: boolean;
  namespaceOptions: NamespaceOptions;
  runAsUser?: number;
  runAsGroup?: number;
  runAsUsername?: string;
  readonlyRootfs?: boolean;
  supplementalGroups?: number[];
  noNewPrivs?: boolean;
  maskedPaths?: string[];
  readonlyPaths?: string[];
  seccomp?: SecurityProfile;
  apparmor?: SecurityProfile;
}

export type ContainerState = 'CREATED' | 'RUNNING' | 'EXITED' | 'UNKNOWN';

export interface Container {
  id: string;
  podSandboxId: string;
  metadata: ContainerMetadata;
  image: string;
  imageRef: string;
  state: ContainerState;
  createdAtMs: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export interface ContainerStatus {
  id: string;
  metadata: ContainerMetadata;
  state: ContainerState;
  createdAtMs: number;
  /** 0 before it has started. */
  startedAtMs: number;
  /** 0 before it has exited. */
  finishedAtMs: number;
  exitCode: number;
  image: string;
  imageRef: string;
  /** `Completed`, `Error`, `OOMKilled`, `StartError` … as the runtime says. */
  reason: string;
  message: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  mounts: Mount[];
  /** Absolute. */
  logPath: string;
}

export interface ContainerFilter {
  id?: string;
  podSandboxId?: string;
  state?: ContainerState;
  labels?: Record<string, string>;
}

export interface ContainerEvent {
  type: 'CREATED' | 'STARTED' | 'STOPPED' | 'DELETED';
  containerId: string;
  createdAtMs: number;
}

export interface ExecResult {
  stdout: Uint8Array;
  stderr: Uint8Array;
  exitCode: number;
}

export interface ExecRequest {
  containerId: string;
  command: readonly string[];
  tty: boolean;
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

export type AttachRequest = Omit<ExecRequest, 'command'>;

export interface ContainerStats {
  id: string;
  metadata: ContainerMetadata;
  labels: Record<string, string>;
  cpu?: { timestampMs: number; usageCoreNanoSeconds: number; usageNanoCores?: number };
  memory?: {
    timestampMs: number;
    workingSetBytes: number;
    usageBytes?: number;
    availableBytes?: number;
    rssBytes?: number;
    pageFaults?: number;
    majorPageFaults?: number;
  };
  writableLayer?: FilesystemUsage;
}

// Images

export interface Image {
  id: string;
  repoTags: string[];
  repoDigests: string[];
  sizeBytes: number;
  /** The image's user, when it is a number. */
  uid?: number;
  /** The image's user, when it is a name. */
  username?: string;
  pinned?: boolean;
}

export interface AuthConfig {
  username?: string;
  password?: string;
  auth?: string;
  identityToken?: string;
  registryToken?: string;
}

export interface FilesystemUsage {
  timestampMs: number;
  mountpoint: string;
  usedBytes: number;
  inodesUsed: number;
}
