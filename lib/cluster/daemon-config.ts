/** control-plane/config.json: what the control plane is told. Paths are absolute. */
export interface ControlPlaneConfig {
  /** `0.1.0` */
  version: string;
  database: string;
  /** ca, apiserver, apiserver-kubelet-client, front-proxy-ca and sa, as PEM. */
  pki: string;
  /** Where the API is served; pods reach it at `advertise`. */
  listen: readonly { host: string; port: number }[];
  advertise: { address: string; port: number };
  podCIDR: string;
  serviceCIDR: string;
  dnsDomain: string;
  dnsIP: string;
  /** NodePorts of this node answer at 127.0.0.1 too. */
  forwardNodePortsTo?: string;
}

/** nodes/NODE/agent.json: what a node's agent is told. Paths are absolute. */
export interface NodeAgentConfig {
  version: string;
  nodeName: string;
  nodeIP: string;
  podCIDR: string;
  /** `https://192.168.80.1:6443` */
  server: string;
  /** ca, kubelet-client, kubelet and kube-proxy, as PEM. */
  pki: string;
  folder: string;
  containerd: string;
  pods: string;
  logs: string;
  cniBinaries: string;
  kubeletPort: number;
  clusterCIDR: string;
  serviceCIDR: string;
  dnsDomain: string;
  dnsIP: string;
  resolvConf: string;
  cgroupMount: string;
  cgroupRoot: string;
}
