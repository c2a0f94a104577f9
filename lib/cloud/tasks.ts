import type { CapacityType } from './instances.ts';

/** One pod's containers as a cloud runs them without a machine of ours. */
export interface TaskSpec {
  /** 1024 are one core. */
  cpuUnits: number;
  memoryMiB: number;
  ephemeralStorageGiB?: number;
  architecture: 'amd64' | 'arm64';
  containers: readonly TaskContainer[];
  /** Empty folders that containers share. */
  volumes: readonly string[];
  shareProcesses?: boolean;
}

export interface TaskContainer {
  name: string;
  image: string;
  /** The task ends with it. */
  essential: boolean;
  entryPoint?: readonly string[];
  command?: readonly string[];
  workingDir?: string;
  environment: ReadonlyMap<string, string>;
  ports: readonly { port: number; protocol: 'tcp' | 'udp' }[];
  /** `UID` or `UID:GID` */
  user?: string;
  readOnlyRoot?: boolean;
  addCapabilities?: readonly string[];
  dropCapabilities?: readonly string[];
  sysctls?: readonly { name: string; value: string }[];
  mounts: readonly { volume: string; path: string; readOnly: boolean }[];
  dependsOn: readonly { name: string; condition: 'START' | 'SUCCESS' | 'HEALTHY' }[];
  stopTimeoutSeconds?: number;
  cpuUnits?: number;
  memoryLimitMiB?: number;
  memoryReservationMiB?: number;
  healthCheck?: TaskHealthCheck;
  /** The cloud starts it again by itself. */
  restarts?: boolean;
  tty?: boolean;
  stdin?: boolean;
}

export interface TaskHealthCheck {
  command: readonly string[];
  intervalSeconds: number;
  timeoutSeconds: number;
  retries: number;
  startPeriodSeconds: number;
}

/** What a task tells of the pod that it runs. */
export interface TaskOwner {
  uid: string;
  namespace: string;
  name: string;
  /** Counts the tasks of one pod from 0. */
  attempt: number;
  /** How often containers of the pod ran before. */
  restarts: number;
  /** Tasks before it that ended soon, one after the other: what back-off counts. */
  failures: number;
}

export interface RunRequest {
  owner: TaskOwner;
  spec: TaskSpec;
  capacityType: CapacityType;
}

export type TaskState = 'starting' | 'running' | 'stopping' | 'stopped';

export interface Task {
  id: string;
  owner: TaskOwner;
  state: TaskState;
  /** Addresses of its network interface. */
  ips: readonly string[];
  createdAtMs: number;
  startedAtMs?: number;
  stoppedAtMs?: number;
  /** It never ran: no image, no capacity, no address. */
  failedToStart: boolean;
  stoppedReason: string;
  containers: readonly RunContainer[];
}

export interface RunContainer {
  name: string;
  /** Of the runtime; its own name until there is one. */
  id: string;
  image: string;
  imageDigest: string;
  state: 'waiting' | 'running' | 'stopped';
  /** Absent while it runs, and for good if it never did. */
  exitCode?: number;
  reason: string;
  health: 'unknown' | 'healthy' | 'unhealthy';
}

/** Where pods run without machines. */
export interface Tasks {
  /** Running the same attempt of a pod twice gives one task. Throws NoCapacity, or RefusedTask. */
  run(request: RunRequest): Promise<Task>;
  /** Those that are known: a task that ended is forgotten after a while. */
  describe(ids: readonly string[]): Promise<readonly Task[]>;
  /** Those of a pod, ended ones too as long as they are known. */
  ofPod(uid: string): Promise<readonly Task[]>;
  /** All that have not ended. */
  alive(): Promise<readonly Task[]>;
  /** Does nothing to one that has ended, or is not known. */
  stop(id: string, reason: string): Promise<void>;
  /** What was kept to run the pod's tasks is not needed any more. */
  forget(uid: string): Promise<void>;
}

/** The cloud will never run this: its message says why. */
export class RefusedTask extends Error {}

export interface LogLine {
  timeMs: number;
  text: string;
}

export interface LogPage {
  lines: readonly LogLine[];
  /** For what follows; the same as before where nothing did. */
  next: string;
}

/** What containers of tasks wrote. */
export interface TaskLogs {
  /** One for each time that the container ran, the newest first. */
  streams(uid: string, container: string): Promise<readonly { name: string; taskId: string }[]>;
  /** From the beginning, or from `sinceMs` on, or from where `next` says. */
  page(stream: string, from: { next?: string; sinceMs?: number }): Promise<LogPage>;
  /** The last ones, oldest first. */
  tail(stream: string, lines: number): Promise<LogPage>;
}
