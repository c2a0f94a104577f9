import type { Clock } from '../runtime/clock.ts';
import type { ClusterConfig, NodeConfig } from './config.ts';
import type { ClusterPaths } from './paths.ts';
import type { Machine } from './preflight.ts';
import type { Progress } from './progress.ts';

/** What commands work with. Paths of programs and the environment are the entry file's to know. */
export interface CommandContext {
  readonly clock: Clock;
  readonly progress: Progress;
  readonly machine: Machine;
  readonly version: string;
  readonly kubeconfigFile: string;
  /** Held while a command chooses what all clusters of the machine share. */
  readonly machineLock: string;
  /** How the control plane and an agent are started; the configuration file's path is appended. */
  readonly controlPlaneCommand: readonly string[];
  readonly agentCommand: readonly string[];
  /** Other clusters' cluster.json files, so that ranges do not collide. */
  otherConfigs(): ClusterConfig[];
  /** Ends everything of a node that an agent started: containers, runtime, mounts, cgroups. */
  tearDownNode(target: NodeTarget): Promise<void>;
  removeCgroups(mount: string, root: string): Promise<void>;
}

export interface NodeTarget {
  node: NodeConfig;
  paths: ClusterPaths;
  cgroupRoot: string;
  /** How long containers may take to end by themselves. */
  graceSeconds: number;
}

export const CGROUP_MOUNT = '/sys/fs/cgroup';

/** Pods of several clusters, and of several nodes, must not share a cgroup. */
export function cgroupRoot(cluster: ClusterConfig, node?: NodeConfig): string {
  const root = `zeroplane-${cluster.name}-${cluster.bridge}`;
  return node ? `${root}/${node.name}` : root;
}
