/** What a kind of machine offers, and for how much. */
export interface InstanceType {
  /** `m7g.large` */
  name: string;
  architecture: 'amd64' | 'arm64';
  milliCpus: number;
  memoryBytes: number;
  /** Pods that its network interface has addresses for. */
  maxPods: number;
  gpus: number;
  offerings: readonly Offering[];
}

export type CapacityType = 'on-demand' | 'spot';

/** A cloud's node registers with it, and takes pods once somebody has said what it is. Source: k8s.io/cloud-provider/api. */
export const UNINITIALIZED = {
  key: 'node.cloudprovider.kubernetes.io/uninitialized',
  value: 'true',
  effect: 'NoSchedule',
} as const;

/** The label of nodes that says which. */
export const CAPACITY_TYPE = 'zeroplane.dev/capacity-type';

export interface Offering {
  zone: string;
  capacityType: CapacityType;
  dollarsPerHour: number;
}

export interface LaunchRequest {
  /** Launching twice with one token gives one instance. */
  token: string;
  nodeClaim: string;
  nodePool: string;
  instanceType: string;
  architecture: 'amd64' | 'arm64';
  zone: string;
  capacityType: CapacityType;
  maxPods: number;
}

export interface Instance {
  id: string;
  /** It runs, or is about to. */
  alive: boolean;
  nodeClaim: string | undefined;
}

/** The machines of a cloud. */
export interface Instances {
  types(): Promise<readonly InstanceType[]>;
  /** Throws NoCapacity when the cloud has no such machine there now. */
  launch(request: LaunchRequest): Promise<Instance>;
  get(id: string): Promise<Instance | undefined>;
  /** Those that were launched for claims of this cluster. */
  list(): Promise<readonly Instance[]>;
  terminate(id: string): Promise<void>;
}

/** The cloud has none of these now: others are to be tried. */
export class NoCapacity extends Error {}
