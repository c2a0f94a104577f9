import { join } from 'node:path';
import type { InstanceIdentity } from '../../../lib/cloud/aws/instance-metadata.ts';
import type { NodeFacts } from '../../../lib/cloud/aws/node-facts.ts';
import { MAX_PODS, podsOf } from '../../../lib/cloud/aws/pod-addresses.ts';
import type { NodeAgentConfig } from '../../../lib/cluster/daemon-config.ts';

/** /etc/zeroplane/agent.json of an instance, as user data writes it: what every node of the cluster is told. */
export interface AwsNodeConfig {
  provider: 'aws';
  /** Zeroplane's own. */
  version: string;
  /** The stack: whom the node's tokens are for. */
  cluster: string;
  /** `https://ID.execute-api.REGION.amazonaws.com/prod` */
  server: string;
  /** A file, PEM: the cluster's authority. */
  certificateAuthority: string;
  serviceCIDR: string;
  dnsDomain: string;
  dnsIP: string;
  /** State of the agent, of its pods and its runtime. */
  folder: string;
  logs: string;
  cniBinaries: string;
  /** The node tells four times as often that it lives. */
  leaseDurationSeconds: number;
}

export const KUBELET_PORT = 10250;
const CGROUP_MOUNT = '/sys/fs/cgroup';

/** A node of this instance. Pods have addresses of the VPC, so that its own are what the service proxy counts as inside. */
export function nodeConfig(config: AwsNodeConfig, instance: InstanceIdentity, facts: NodeFacts): NodeAgentConfig {
  const at = (name: string) => join(config.folder, name);
  const [podCIDR = ''] = facts.podCIDRs;
  return {
    version: config.version,
    nodeName: facts.nodeName,
    nodeIP: instance.privateIp,
    podCIDR,
    podCIDRs: facts.podCIDRs,
    server: config.server,
    pki: at('pki'),
    folder: config.folder,
    containerd: at('containerd'),
    pods: at('pods'),
    logs: config.logs,
    cniBinaries: config.cniBinaries,
    kubeletPort: KUBELET_PORT,
    clusterCIDR: facts.podCIDRs.length === 1 ? podCIDR : `{ ${facts.podCIDRs.join(', ')} }`,
    reverseCIDR: instance.vpcCIDRs[0] ?? podCIDR,
    serviceCIDR: config.serviceCIDR,
    dnsDomain: config.dnsDomain,
    dnsIP: config.dnsIP,
    resolvConf: '/etc/resolv.conf',
    cgroupMount: CGROUP_MOUNT,
    cgroupRoot: `zeroplane-${facts.nodeName}`,
  };
}

export function maxPods(podCIDRs: readonly string[]): number {
  return Math.min(MAX_PODS, podsOf(podCIDRs));
}
