import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { adminClient, isReady, waitFor } from './api.ts';
import {
  BRIDGE_PORT,
  type ClusterConfig,
  gateway,
  ingressIP,
  KUBELET_PORT,
  loadBalancerAddresses,
  type NodeConfig,
  writeJson,
} from './config.ts';
import { CGROUP_MOUNT, type CommandContext, cgroupRoot } from './context.ts';
import { runningDaemon, startDaemon, startedInThisBoot } from './daemon.ts';
import type { ControlPlaneConfig, NodeAgentConfig } from './daemon-config.ts';
import { evictionSettings } from './eviction.ts';
import type { ClusterPaths } from './paths.ts';
import { CNI_BINARIES } from './preflight.ts';
import { DEFAULT_SHUTDOWN_GRACE } from './shutdown-grace.ts';

/** Starts the control plane unless it runs, and waits until it serves. */
export async function startControlPlane(
  cluster: ClusterConfig,
  paths: ClusterPaths,
  context: CommandContext,
): Promise<void> {
  const { config: file } = paths.controlPlane;
  if (runningDaemon(paths.controlPlane) === undefined) {
    writeJson(file, controlPlaneConfig(cluster, paths, context.version));
    startDaemon(paths.controlPlane, [...context.controlPlaneCommand, file]);
  }
  const client = adminClient(cluster, paths);
  await waitFor('the control plane', paths.controlPlane, context.clock, () => isReady(client));
}

function controlPlaneConfig(cluster: ClusterConfig, paths: ClusterPaths, version: string): ControlPlaneConfig {
  const advertise = { address: gateway(cluster), port: BRIDGE_PORT };
  return {
    version,
    database: paths.database,
    encryptionKeys: paths.encryptionKeys,
    pki: paths.pki,
    listen: [
      { host: '127.0.0.1', port: cluster.port },
      { host: advertise.address, port: advertise.port },
    ],
    advertise,
    podCIDR: cluster.podCIDR,
    serviceCIDR: cluster.serviceCIDR,
    dnsDomain: cluster.dnsDomain,
    dnsIP: cluster.dnsIP,
    ...(cluster.schedulerConfiguration !== undefined && { schedulerConfiguration: cluster.schedulerConfiguration }),
    machine: {
      bridge: cluster.bridge,
      loadBalancerAddresses: loadBalancerAddresses(cluster),
      ingressIP: ingressIP(cluster),
      ingressPorts: cluster.ingressPorts!,
    },
  };
}

/** Starts a node's agent unless it runs. What a reboot left of the node's runtime is cleared away before. */
export async function startNode(
  cluster: ClusterConfig,
  node: NodeConfig,
  paths: ClusterPaths,
  context: CommandContext,
): Promise<void> {
  const files = paths.node(node.name);
  if (runningDaemon(files) !== undefined) return;
  if (!startedInThisBoot(files)) {
    await context.tearDownNode({ node, paths, cgroupRoot: cgroupRoot(cluster, node), graceSeconds: 0 });
  }
  shareRegistries(paths, files.containerd);
  writeJson(files.config, agentConfig(cluster, node, paths, context.version));
  // Only the network is the node's own: `ip netns exec` would also hide the cgroups.
  const command = ['nsenter', `--net=/run/netns/${node.netns}`, ...context.agentCommand, files.config];
  startDaemon(files, command);
}

/** What is said of registries (`HOST:PORT/ca.crt`, `hosts.toml`) holds for every node: containerd reads it at each pull. */
function shareRegistries({ registries }: ClusterPaths, containerd: string): void {
  const link = join(containerd, 'registries');
  mkdirSync(registries, { recursive: true });
  mkdirSync(containerd, { recursive: true });
  if (!existsSync(link)) symlinkSync(relative(containerd, registries), link);
}

function agentConfig(cluster: ClusterConfig, node: NodeConfig, paths: ClusterPaths, version: string): NodeAgentConfig {
  const { folder, pki, containerd, pods, volumes, logs, manifests } = paths.node(node.name);
  return {
    version,
    nodeName: node.name,
    nodeIP: node.ip,
    podCIDR: node.podCIDR,
    server: `https://${gateway(cluster)}:${BRIDGE_PORT}`,
    pki,
    folder,
    containerd,
    pods,
    volumes,
    logs,
    manifests,
    cniBinaries: CNI_BINARIES,
    ...evictionSettings(cluster),
    shutdownGrace: cluster.shutdownGrace ?? DEFAULT_SHUTDOWN_GRACE,
    kubeletPort: KUBELET_PORT,
    clusterCIDR: cluster.podCIDR,
    serviceCIDR: cluster.serviceCIDR,
    dnsDomain: cluster.dnsDomain,
    dnsIP: cluster.dnsIP,
    resolvConf: resolvConf(),
    cgroupMount: CGROUP_MOUNT,
    cgroupRoot: cgroupRoot(cluster, node),
    ingressIP: ingressIP(cluster),
    ...(cluster.ingressPorts && { ingressPorts: cluster.ingressPorts }),
  };
}

/** systemd-resolved listens at 127.0.0.53 of the host only; the file beside it names the servers behind. As kubeadm does. */
function resolvConf(): string {
  const behind = '/run/systemd/resolve/resolv.conf';
  const own = '/etc/resolv.conf';
  try {
    return /^nameserver\s+127\.0\.0\.53\s*$/m.test(readFileSync(own, 'utf8')) ? behind : own;
  } catch {
    return own; // the agent says so if it needs it
  }
}
