import { readFileSync } from 'node:fs';
import { adminClient, isAlive, isReady, readyNodes, waitFor } from './api.ts';
import { ensureCertificates } from './certificates.ts';
import { type ClusterConfig, readConfig, writeJson } from './config.ts';
import type { CommandContext } from './context.ts';
import { runningDaemon } from './daemon.ts';
import { defineCluster, type UpOptions } from './define.ts';
import { contextName, mergeKubeconfig } from './kubeconfig.ts';
import { inTurn, withLock } from './lock.ts';
import { ensureBridge } from './network/host.ts';
import { ensureNodeNetwork } from './network/node.ts';
import type { ClusterPaths } from './paths.ts';
import { preflight } from './preflight.ts';
import { startControlPlane, startNode } from './start.ts';

/** Brings the cluster up, or takes it up again as it was; returns when its nodes are Ready. What already runs is left alone. */
export async function up(options: UpOptions, paths: ClusterPaths, context: CommandContext): Promise<void> {
  preflight(context.machine);
  await withLock(paths.lock, async () => {
    const { cluster, whole } = await inTurn(context.machineLock, context.clock, () =>
      startShared(options, paths, context),
    );
    if (!whole) await startWorkers(cluster, paths, context);
    await context.progress.step(`context ${contextName(cluster.name)} in ${context.kubeconfigFile}`, () =>
      mergeKubeconfig(context.kubeconfigFile, readFileSync(paths.kubeconfig, 'utf8'), context.clock),
    );
    if (whole)
      context.progress.say(`The cluster ${cluster.name} is already running at https://127.0.0.1:${cluster.port}.`);
    else sayWhatNext(cluster, context);
  });
}

/** What takes ports and ranges of the machine: another cluster that comes up meanwhile must see them taken. */
async function startShared(
  options: UpOptions,
  paths: ClusterPaths,
  context: CommandContext,
): Promise<{ cluster: ClusterConfig; whole: boolean }> {
  const { progress, clock } = context;
  const known = readConfig(paths.config);
  const running = runningDaemon(paths.controlPlane) !== undefined;
  const cluster = await defineCluster(options, paths, running, context);
  const same = known?.nodes.length === cluster.nodes.length;
  if (same && (await isWhole(cluster, paths))) return { cluster, whole: true };
  writeJson(paths.config, cluster);
  await progress.step('certificates', () => ensureCertificates(cluster, paths, clock));
  await progress.step(`network ${cluster.nodeCIDR}, pods ${cluster.podCIDR}`, async () => {
    await ensureBridge(cluster);
    for (const node of cluster.nodes) await ensureNodeNetwork(cluster, node);
  });
  await progress.step(`control plane at https://127.0.0.1:${cluster.port}`, () =>
    startControlPlane(cluster, paths, context),
  );
  return { cluster, whole: false };
}

async function startWorkers(cluster: ClusterConfig, paths: ClusterPaths, context: CommandContext): Promise<void> {
  const { progress, clock } = context;
  const client = adminClient(cluster, paths);
  const since = clock.now();
  const started = await startNodes(cluster, paths, context);
  for (const { name, ip } of cluster.nodes) {
    const ready = async () =>
      (!started.has(name) || (await isAlive(client, name, since))) && (await readyNodes(client)).has(name);
    await progress.step(`node ${name} (${ip}) is Ready`, () => waitFor(`node ${name}`, paths.node(name), clock, ready));
  }
}

/** The nodes that were not running before. */
async function startNodes(cluster: ClusterConfig, paths: ClusterPaths, context: CommandContext): Promise<Set<string>> {
  const stopped = cluster.nodes.filter(({ name }) => runningDaemon(paths.node(name)) === undefined);
  await Promise.all(stopped.map((node) => startNode(cluster, node, paths, context)));
  return new Set(stopped.map(({ name }) => name));
}

async function isWhole(cluster: ClusterConfig, paths: ClusterPaths): Promise<boolean> {
  const daemons = [paths.controlPlane, ...cluster.nodes.map(({ name }) => paths.node(name))];
  if (daemons.some((daemon) => runningDaemon(daemon) === undefined)) return false;
  const client = adminClient(cluster, paths);
  if (!(await isReady(client))) return false;
  const ready = await readyNodes(client);
  return cluster.nodes.every(({ name }) => ready.has(name));
}

function sayWhatNext(cluster: ClusterConfig, { progress }: CommandContext): void {
  const name = cluster.name === 'default' ? '' : ` --name ${cluster.name}`;
  progress.say(`
The cluster ${cluster.name} is up. Next:
  kubectl get nodes
  kubectl create deployment hello --image=nginx && kubectl expose deployment hello --port=80 --type=NodePort
  zeroplane status${name}`);
}
