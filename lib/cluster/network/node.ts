import { existsSync } from 'node:fs';
import { type ClusterConfig, gateway, type NodeConfig } from '../config.ts';
import { ipBatch, run } from './ip.ts';

/** A node's network namespace: one leg on the bridge, routes to the pods of the other nodes, forwarding for its own. Idempotent. */
export async function ensureNodeNetwork(cluster: ClusterConfig, node: NodeConfig): Promise<void> {
  const host = hostLeg(cluster, node);
  if (!existsSync(`/run/netns/${node.netns}`)) {
    await ipBatch([`link delete ${host}`]).catch(() => undefined); // the leg of a namespace that is gone, if any
    await ipBatch([`netns add ${node.netns}`]);
  }
  if (!existsSync(`/sys/class/net/${host}`)) {
    await ipBatch([`link add ${host} type veth peer name eth0 netns ${node.netns}`]);
  }
  await ipBatch([
    `link set ${host} master ${cluster.bridge} up`,
    `route replace ${node.podCIDR} via ${node.ip} dev ${cluster.bridge}`,
  ]);
  await ipBatch(insideLines(cluster, node), node.netns);
  await run(['nsenter', `--net=/run/netns/${node.netns}`, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
}

function insideLines(cluster: ClusterConfig, node: NodeConfig): string[] {
  const others = cluster.nodes.filter(({ name }) => name !== node.name);
  return [
    'link set lo up',
    `addr replace ${node.ip}/24 dev eth0`,
    'link set eth0 up',
    `route replace default via ${gateway(cluster)}`,
    ...others.map(({ podCIDR, ip }) => `route replace ${podCIDR} via ${ip} dev eth0`),
  ];
}

/** With the namespace its interfaces go, both ends of the leg on the bridge and nft tables inside included. */
export async function removeNodeNetwork(cluster: ClusterConfig, node: NodeConfig): Promise<void> {
  const host = hostLeg(cluster, node);
  if (existsSync(`/sys/class/net/${host}`)) await ipBatch([`link delete ${host}`]);
  if (existsSync(`/run/netns/${node.netns}`)) await ipBatch([`netns delete ${node.netns}`]);
}

/** Interface names have at most 15 letters. */
function hostLeg(cluster: ClusterConfig, node: NodeConfig): string {
  return `${cluster.bridge}n${cluster.nodes.findIndex(({ name }) => name === node.name) + 1}`;
}
