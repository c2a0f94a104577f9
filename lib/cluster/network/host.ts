import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { ClusterConfig } from '../config.ts';
import { gateway } from '../config.ts';
import { allowForwarding, disallowForwarding } from './forward.ts';
import { ipBatch, run } from './ip.ts';

const FORWARDING = '/proc/sys/net/ipv4/ip_forward';

/** The bridge that the host shares with the nodes, and the way out for pods and nodes. Idempotent. */
export async function ensureBridge(cluster: ClusterConfig): Promise<void> {
  const { bridge } = cluster;
  const lines = existsSync(`/sys/class/net/${bridge}`) ? [] : [`link add ${bridge} type bridge`];
  await ipBatch([...lines, `addr replace ${gateway(cluster)}/24 dev ${bridge}`, `link set ${bridge} up`]);
  // Forwarding stays on when the cluster goes: other software may have come to rely on it.
  if (readFileSync(FORWARDING, 'utf8').trim() === '0') writeFileSync(FORWARDING, '1');
  await run(['nft', '-f', '-'], masquerade(cluster));
  await allowForwarding(cluster);
}

/** What leaves the cluster gets the host's address; within the cluster, sources are kept. */
function masquerade(cluster: ClusterConfig): string {
  const inside = `{ ${cluster.nodeCIDR}, ${cluster.podCIDR} }`;
  return `
    table ip ${tableName(cluster)} {}
    delete table ip ${tableName(cluster)}
    table ip ${tableName(cluster)} {
      chain postrouting {
        type nat hook postrouting priority srcnat; policy accept;
        ip saddr ${inside} ip daddr != ${inside} oifname != "${cluster.bridge}" masquerade
      }
    }`;
}

export async function removeBridge(cluster: ClusterConfig): Promise<void> {
  await disallowForwarding(cluster);
  if (existsSync(`/sys/class/net/${cluster.bridge}`)) await ipBatch([`link delete ${cluster.bridge}`]);
  const tables = JSON.parse(await run(['nft', '--json', 'list', 'tables'])).nftables as { table?: { name: string } }[];
  if (tables.some(({ table }) => table?.name === tableName(cluster))) {
    await run(['nft', 'delete', 'table', 'ip', tableName(cluster)]);
  }
}

function tableName({ name, bridge }: ClusterConfig): string {
  return `zeroplane-${name}-${bridge}`;
}
