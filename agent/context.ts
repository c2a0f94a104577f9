import type { Client } from '../lib/client/client.ts';
import type { Clock } from '../lib/runtime/clock.ts';
import type { Random } from '../lib/runtime/random.ts';
import type { ImageGCThresholds } from './eviction/image-gc.ts';
import type { ShutdownGrace } from './pods/shutdown.ts';
import type { Runtime } from './runtime-contract.ts';

/** What one node's agent is told. Paths are absolute; the agent makes folders it lacks. */
export interface AgentConfig {
  nodeName: string;
  /** The node's addresses, the primary one first. */
  nodeIPs: readonly string[];
  podCIDR: string;
  /** status.addresses of the Node; absent: its addresses and its name. */
  addresses?: readonly { type: string; address: string }[];
  /** How long the node counts as alive after it was heard of; it tells four times as often. Default 40, as kubelet. */
  leaseDurationSeconds?: number;
  /** One folder per pod uid: volumes, the hosts file, termination messages. */
  podsDir: string;
  /** Manifests of static pods, one a file; absent: there are none. */
  manifestsDir?: string;
  /** NAMESPACE_NAME_UID/CONTAINER/N.log */
  logsDir: string;
  clusterDNS: readonly string[];
  clusterDomain: string;
  /** The machine's resolv.conf: for pods with dnsPolicy Default. */
  resolvConf: string;
  /** As /version says: v1.37.2+zeroplane.VERSION. */
  version: string;
  /** Where logs, exec and the like are served. */
  kubeletPort: number;
  maxPods: number;
  /** More labels for the Node. */
  labels?: Readonly<Record<string, string>>;
  /** spec.providerID of the Node. */
  providerID?: string;
  /** spec.taints of a Node that is registered for the first time. */
  taints?: readonly { key: string; value?: string; effect: string }[];
  /** Parent of all pods' cgroups below the controllers' roots; several nodes on a machine must not share it. */
  cgroupRoot: string;
  /** Where the cgroup file systems are mounted. */
  cgroupMount: string;
  /** Kept from pods: allocatable = capacity - reserved. Quantities. */
  reserved?: Readonly<Record<string, string>>;
  /** Below what pods are evicted, as kubelet's --eviction-hard: `memory.available<100Mi,nodefs.available<10%`. */
  evictionHard?: string;
  /** How long a pressure lasts after what caused it, as kubelet's --eviction-pressure-transition-period; absent: five minutes. */
  evictionPressureTransitionMs?: number;
  /** How long pods may take to end when the node goes down; absent: 30 s, the last 10 for critical ones. */
  shutdownGrace?: ShutdownGrace;
  /** When unused images are removed; absent: never. */
  imageGC?: ImageGCThresholds;
  /** A container's log is rotated when it is larger. */
  containerLogMaxBytes: number;
  containerLogMaxFiles: number;
}

/** One line with fields; errors carry their cause. */
export type Log = (message: string, fields?: Readonly<Record<string, unknown>>) => void;

export interface AgentContext {
  readonly config: AgentConfig;
  readonly client: Client;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}
