import { services as serviceType } from '../client/resource-type.ts';
import { adminClient, isReady, readyNodes } from './api.ts';
import { type ClusterConfig, readConfig } from './config.ts';
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
    ...(ready ? await nodePortRows(cluster, paths) : []),
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

async function nodePortRows(cluster: ClusterConfig, paths: ClusterPaths): Promise<string[][]> {
  const { items } = await adminClient(cluster, paths).list(serviceType);
  return items.flatMap(({ metadata, spec }) =>
    (spec?.ports ?? []).flatMap(({ nodePort, protocol, port }) => {
      if (!nodePort) return [];
      const at = `127.0.0.1:${nodePort} and ${cluster.nodes.map(({ ip }) => `${ip}:${nodePort}`).join(', ')}`;
      return [[`service ${metadata.namespace}/${metadata.name}`, `port ${port}/${protocol} at ${at}`]];
    }),
  );
}
