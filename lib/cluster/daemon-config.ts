import type { EvictionSettings } from './eviction.ts';
import type { ShutdownGrace } from './shutdown-grace.ts';

/** control-plane/config.json: what the control plane is told. Paths are absolute. */
export interface ControlPlaneConfig {
  /** `0.1.0` */
  version: string;
  database: string;
  /** The file of the keys that Secrets are encrypted with; made if it is not there. */
  encryptionKeys: string;
  /** ca, apiserver, apiserver-kubelet-client, front-proxy-ca and sa, as PEM. */
  pki: string;
  /** Where the API is served; pods reach it at `advertise`. */
  listen: readonly { host: string; port: number }[];
  advertise: { address: string; port: number };
  podCIDR: string;
  serviceCIDR: string;
  dnsDomain: string;
  dnsIP: string;
  /** A KubeSchedulerConfiguration; absent: the default profile alone. */
  schedulerConfiguration?: unknown;
  /** Ways in from the machine that the cluster runs on. */
  machine?: MachineConfig;
}

export interface MachineConfig {
  bridge: string;
  /** Addresses of the bridge for Services of type LoadBalancer, `192.168.80.128-192.168.80.254`. */
  loadBalancerAddresses: string;
  /** Where the nodes' ingress gateways answer, and at which ports of 127.0.0.1 besides. */
  ingressIP: string;
  ingressPorts: { http: number; https: number };
}

/** nodes/NODE/agent.json: what a node's agent is told. Paths are absolute. */
export interface NodeAgentConfig extends EvictionSettings {
  version: string;
  nodeName: string;
  nodeIP: string;
  podCIDR: string;
  /** More ranges than podCIDR, which is the first. */
  podCIDRs?: readonly string[];
  /** `https://192.168.80.1:6443` */
  server: string;
  /** ca, kubelet-client, kubelet, kube-proxy, ingress-gateway and ingress-default, as PEM. */
  pki: string;
  folder: string;
  containerd: string;
  pods: string;
  /** Where persistent volumes on the node's disk are made; absent: they are not. */
  volumes?: string;
  logs: string;
  /** Manifests of static pods. */
  manifests?: string;
  /** How long pods may take to end when the node goes down. */
  shutdownGrace?: ShutdownGrace;
  cniBinaries: string;
  kubeletPort: number;
  /** Whose packets are the cluster's own; also as nftables writes a set of ranges. */
  clusterCIDR: string;
  /** Of which addresses DNS knows the names; absent: clusterCIDR. */
  reverseCIDR?: string;
  serviceCIDR: string;
  dnsDomain: string;
  dnsIP: string;
  resolvConf: string;
  cgroupMount: string;
  cgroupRoot: string;
  /** An address of the node's own at which its ingress gateway answers; absent: it has none. */
  ingressIP?: string;
  /** The ports of the machine's 127.0.0.1 that lead there. */
  ingressPorts?: { http: number; https: number };
}
