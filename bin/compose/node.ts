import { join } from 'node:path';
import { type Agent, startAgent } from '../../agent/agent.ts';
import type { AgentConfig } from '../../agent/context.ts';
import { startLocalPath } from '../../agent/local-path/local-path.ts';
import { cniConfig } from '../../agent/network/cni.ts';
import { setUpNodeNetwork } from '../../agent/network/node-network.ts';
import { startContainerd } from '../../agent/runtime/containerd/containerd.ts';
import { containerdPaths } from '../../agent/runtime/containerd/paths.ts';
import { type AgentServer, startServer } from '../../agent/server/server.ts';
import { shareFolder } from '../../agent/volumes/shared-folder.ts';
import type { Client } from '../../lib/client/client.ts';
import type { NodeAgentConfig } from '../../lib/cluster/daemon-config.ts';
import { evictionSettings } from '../../lib/cluster/eviction.ts';
import { gitVersion } from '../../lib/runtime/version.ts';
import { clientAs } from './client-as.ts';
import type { Platform } from './control-plane.ts';
import { startNodeNetworking } from './node-networking.ts';
import type { Stop } from './process.ts';
import { readManifest } from './static-pod-manifest.ts';

/** As kubelet's defaults. */
const MAX_PODS = 110;
const CONTAINER_LOG_MAX_BYTES = 10 << 20;
const CONTAINER_LOG_MAX_FILES = 5;

/** How a node reaches its apiserver, and comes by what it serves with. */
export interface NodeAccess {
  kubelet: Client;
  kubeProxy: Client;
  /** How its ingress gateway is started, on nodes that have an address for one. */
  gatewayCommand: readonly string[];
  /** Addresses that the node answers beside the cluster DNS's. */
  ownIPs: readonly string[];
  /** What of the Node the machine cannot tell. */
  facts: Partial<AgentConfig>;
  /** Resolves when `kubelet.crt` and `kubelet.key` are there. */
  serving(agent: Agent): Promise<void>;
  /** Everything is at work. */
  started(agent: Agent, server: AgentServer): void;
  close(): Promise<void>;
}

/** Everything of a node in one process, for a node that was given its certificates. Resolves when it is at work. */
export function startNode(
  config: NodeAgentConfig,
  gatewayCommand: readonly string[],
  platform: Platform,
): Promise<Stop> {
  return runNode(config, platform, {
    kubelet: clientAs(config, 'kubelet-client', 'kubelet'),
    kubeProxy: clientAs(config, 'kube-proxy', 'kube-proxy'),
    gatewayCommand,
    ownIPs: [],
    facts: {},
    serving: async () => undefined,
    started: () => undefined,
    close: async () => undefined,
  });
}

/** Its runtime, its pods, services and names. */
export async function runNode(config: NodeAgentConfig, platform: Platform, access: NodeAccess): Promise<Stop> {
  const { clock, random, log } = platform;
  await setUpNodeNetwork([config.dnsIP, ...(config.ingressIP ? [config.ingressIP] : []), ...access.ownIPs]);
  await shareFolder(config.folder);
  const containerd = await startContainerd({
    folder: config.containerd,
    cniConfig: cniConfig({
      podCIDRs: config.podCIDRs ?? [config.podCIDR],
      stateFolder: containerdPaths(config.containerd).cniState,
    }),
    cniBinaries: config.cniBinaries,
    clock,
    log,
  });
  const agentSettings = { ...agentConfig(config), ...access.facts };
  const { kubelet: client } = access;
  const agent = await startAgent(agentSettings, {
    client,
    runtime: containerd.runtime,
    clock,
    random,
    log,
    readManifest,
  });
  const localPath = config.volumes
    ? startLocalPath({
        client: clientAs(config, 'local-path-provisioner', 'local-path-provisioner'),
        nodeName: config.nodeName,
        folder: config.volumes,
        growFileSystem: agent.growFileSystem,
        inUse: agent.localVolumeInUse,
        clock,
        random,
        log,
      })
    : undefined;
  const networking = await startNodeNetworking(config, access.kubeProxy, agent, access.gatewayCommand, platform);
  await access.serving(agent);
  const pem = (name: string) => join(config.pki, name);
  const server = await startServer({
    nodeName: config.nodeName,
    pods: agent.pods,
    runtime: containerd.runtime,
    clock,
    log,
    random,
    healthy: () => agent.ready,
    config: agentSettings,
    certFile: pem('kubelet.crt'),
    keyFile: pem('kubelet.key'),
    clientCaFile: pem('ca.crt'),
    address: config.nodeIP,
    port: config.kubeletPort,
  });
  access.started(agent, server);
  return async (why) => {
    if (why === 'shutdown') await agent.shutDown();
    await access.close();
    await server.close();
    await networking.stop();
    await localPath?.stop();
    await agent.stop();
    containerd.release();
  };
}
function agentConfig(config: NodeAgentConfig): AgentConfig {
  return {
    nodeName: config.nodeName,
    nodeIPs: [config.nodeIP],
    podCIDR: config.podCIDR,
    podsDir: config.pods,
    logsDir: config.logs,
    ...(config.manifests === undefined ? {} : { manifestsDir: config.manifests }),
    clusterDNS: [config.dnsIP],
    clusterDomain: config.dnsDomain,
    resolvConf: config.resolvConf,
    version: gitVersion(config.version),
    kubeletPort: config.kubeletPort,
    maxPods: MAX_PODS,
    cgroupRoot: config.cgroupRoot,
    cgroupMount: config.cgroupMount,
    ...evictionSettings(config),
    ...(config.shutdownGrace && { shutdownGrace: config.shutdownGrace }),
    containerLogMaxBytes: CONTAINER_LOG_MAX_BYTES,
    containerLogMaxFiles: CONTAINER_LOG_MAX_FILES,
  };
}
