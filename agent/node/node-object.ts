import { parseQuantity, Quantity } from '../../lib/api/quantity.ts';
import type { Node, NodeStatus } from '../../lib/api/types.ts';
import type { AgentConfig } from '../context.ts';
import type { Image, RuntimeVersion } from '../runtime-contract.ts';
import type { Machine } from './machine.ts';

/** Images listed in a node's status. Source: kubelet's nodeStatusMaxImages. */
const MAX_IMAGES = 50;
/** kubelet keeps back a tenth of the disk: its imagefs.available eviction threshold. */
const DISK_RESERVED_SHARE = 0.1;
/** memory.available<100Mi */
const MEMORY_RESERVED = '100Mi';

/** The node as it registers itself. Source: kubelet_node_status.go initialNode. */
export function initialNode(config: AgentConfig, machine: Machine): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: config.nodeName,
      labels: nodeLabels(config, machine),
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    },
    spec: {
      podCIDR: config.podCIDR,
      podCIDRs: [config.podCIDR],
      ...(config.providerID ? { providerID: config.providerID } : {}),
      ...(config.taints?.length ? { taints: config.taints.map((taint) => ({ ...taint })) } : {}),
    },
  };
}

export function nodeLabels(config: Pick<AgentConfig, 'nodeName' | 'labels'>, machine: Machine): Record<string, string> {
  const { architecture } = machine;
  return {
    'beta.kubernetes.io/arch': architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture,
    'kubernetes.io/hostname': config.nodeName,
    'kubernetes.io/os': 'linux',
    ...config.labels,
  };
}

/** What changes seldom of a node's status; conditions apart. */
export function nodeStatus(
  config: AgentConfig,
  machine: Machine,
  runtime: RuntimeVersion,
  images: readonly Image[],
): NodeStatus {
  const capacity = nodeCapacity(config, machine);
  return {
    addresses: [...(config.addresses ?? ownAddresses(config))],
    capacity,
    allocatable: allocatable(config, capacity),
    daemonEndpoints: { kubeletEndpoint: { Port: config.kubeletPort } },
    nodeInfo: nodeInfo(config, machine, runtime),
    images: nodeImages(images),
  };
}

function ownAddresses({ nodeIPs, nodeName }: AgentConfig) {
  return [...nodeIPs.map((address) => ({ type: 'InternalIP', address })), { type: 'Hostname', address: nodeName }];
}

function nodeCapacity(config: AgentConfig, machine: Machine): Record<string, string> {
  return {
    cpu: String(machine.cpus),
    memory: `${Math.floor(machine.memoryBytes / 1024)}Ki`,
    'ephemeral-storage': `${Math.floor(machine.diskBytes / 1024)}Ki`,
    ...hugepages(machine),
    pods: String(config.maxPods),
  };
}

function hugepages({ hugepages: sizes }: Machine): Record<string, string> {
  return Object.fromEntries(
    Object.entries(sizes).map(([name, bytes]) => [name, Quantity.of(bytes, 'BinarySI').toString()]),
  );
}

function allocatable({ reserved = {} }: AgentConfig, capacity: Record<string, string>): Record<string, string> {
  const left = { ...capacity };
  const storage = parseQuantity(capacity['ephemeral-storage']!).value();
  left['ephemeral-storage'] = Quantity.of(Math.floor(storage * (1 - DISK_RESERVED_SHARE))).toString();
  for (const [name, amount] of Object.entries({ memory: MEMORY_RESERVED, ...reserved })) {
    const whole = capacity[name];
    if (whole !== undefined) left[name] = parseQuantity(whole).sub(parseQuantity(amount)).toString();
  }
  return left;
}

function nodeInfo(config: AgentConfig, machine: Machine, runtime: RuntimeVersion): NonNullable<NodeStatus['nodeInfo']> {
  const { architecture, bootID, kernelVersion, machineID, osImage, systemUUID } = machine;
  return {
    architecture,
    bootID,
    containerRuntimeVersion: `${runtime.runtimeName}://${runtime.runtimeVersion.replace(/^v/, '')}`,
    kernelVersion,
    kubeProxyVersion: '',
    kubeletVersion: config.version,
    machineID,
    operatingSystem: 'linux',
    osImage,
    systemUUID,
  };
}

/** The largest first, names with digests before tags. */
function nodeImages(images: readonly Image[]): NonNullable<NodeStatus['images']> {
  return [...images]
    .sort((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, MAX_IMAGES)
    .map(({ repoDigests, repoTags, sizeBytes }) => ({ names: [...repoDigests, ...repoTags], sizeBytes }));
}
