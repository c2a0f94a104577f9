import { keyOf } from '../api/object.ts';
import type { Service } from '../api/types.ts';
import { services as serviceType } from '../client/resource-type.ts';
import { adminClient, isReady, readyNodes } from './api.ts';
import { type ClusterConfig, ingressIP, readConfig } from './config.ts';
import { runningDaemon } from './daemon.ts';
import { contextName } from './kubeconfig.ts';
import type { ClusterPaths } from './paths.ts';

export interface ClusterStatus {
  /** The control plane serves and every node is Ready. */
  running: boolean;
  text: string;
}

/** What runs, where, and which ports answer. */
export async function status(name: string, paths: ClusterPaths): Promise<ClusterStatus> {
  const cluster = readConfig(paths.config);
  if (!cluster) return { running: false, text: `no cluster ${name} in ${paths.state}` };
  const pid = runningDaemon(paths.controlPlane);
  const client = adminClient(cluster, paths);
  const ready = pid !== undefined && (await isReady(client));
  const readyOnes = ready ? await readyNodes(client) : undefined;
  const rows = [
    ['cluster', cluster.name],
    ['context', contextName(cluster.name)],
    ['state', paths.state],
    ['control plane', controlPlane(cluster, pid, ready)],
    ...nodeRows(cluster, paths, readyOnes),
    ...ingressRow(cluster),
    ...(ready ? await serviceRows(cluster, paths) : []),
  ];
  const width = Math.max(...rows.map(([label]) => label!.length));
  const text = rows.map(([label, value]) => `${label!.padEnd(width)}  ${value}`).join('\n');
  const nodesRun = cluster.nodes.every(({ name }) => readyOnes?.has(name) && runningDaemon(paths.node(name)));
  return { running: nodesRun, text };
}

function controlPlane({ port }: ClusterConfig, pid: number | undefined, ready: boolean): string {
  if (pid === undefined) return 'stopped';
  return `${ready ? 'running' : 'not ready'} at https://127.0.0.1:${port} (process ${pid})`;
}

function nodeRows(cluster: ClusterConfig, paths: ClusterPaths, ready: Set<string> | undefined): string[][] {
  return cluster.nodes.map(({ name, ip }) => {
    const pid = runningDaemon(paths.node(name));
    // Without a control plane nobody knows.
    const state = ready === undefined ? 'Unknown' : ready.has(name) ? 'Ready' : 'NotReady';
    return [`node ${name}`, pid === undefined ? 'stopped' : `${state} at ${ip} (process ${pid})`];
  });
}

function ingressRow(cluster: ClusterConfig): string[][] {
  const { http, https } = cluster.ingressPorts ?? {};
  if (!http || !https) return [];
  const ip = ingressIP(cluster);
  return [['ingress', `http://${ip} and 127.0.0.1:${http}; https://${ip} and 127.0.0.1:${https}`]];
}

async function serviceRows(cluster: ClusterConfig, paths: ClusterPaths): Promise<string[][]> {
  const { items } = await adminClient(cluster, paths).list(serviceType);
  return items.flatMap((service) => waysIn(service, cluster).map((way) => [`service ${keyOf(service)}`, way]));
}

function waysIn({ spec, status: state }: Service, { nodes }: ClusterConfig): string[] {
  const addresses = (state?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
  return (spec?.ports ?? []).flatMap(({ nodePort, protocol = 'TCP', port }) => {
    const ways = addresses.map((ip) => `${ip}:${port}`);
    // Nothing of Node.js forwards SCTP.
    if (nodePort && protocol !== 'SCTP') ways.push(`127.0.0.1:${nodePort}`);
    if (nodePort) ways.push(...nodes.map(({ ip }) => `${ip}:${nodePort}`));
    const [first, ...more] = ways;
    return first ? [`port ${port}/${protocol} at ${first}${more.length > 0 ? ` and ${more.join(', ')}` : ''}`] : [];
  });
}
