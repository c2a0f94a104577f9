import { existsSync, readFileSync, rmSync } from 'node:fs';
import { type ClusterConfig, type NodeConfig, readConfig } from './config.ts';
import { CGROUP_MOUNT, type CommandContext, cgroupRoot } from './context.ts';
import { stopDaemon } from './daemon.ts';
import { ClusterError } from './error.ts';
import { contextName, removeFromKubeconfig } from './kubeconfig.ts';
import { withLock } from './lock.ts';
import { removeBridge } from './network/host.ts';
import type { ClusterPaths } from './paths.ts';
import { stopNode } from './stop-node.ts';

const CONTROL_PLANE_GRACE_MS = 10_000;

/** Stops the cluster and leaves nothing of it but its state; `remove` takes that too. Right after a crash at any point. */
export async function down(name: string, remove: boolean, paths: ClusterPaths, context: CommandContext): Promise<void> {
  const cluster = readConfig(paths.config);
  if (!cluster) {
    await removeFromKubeconfig(context.kubeconfigFile, contextName(name), context.clock);
    context.progress.say(`There is no cluster ${name} in ${paths.state}.`);
    return;
  }
  if (context.machine.uid !== 0) throw new ClusterError('stopping a cluster needs root: run it with sudo');
  // What is to be deleted need not be ended in order.
  await withLock(paths.lock, () => stop(cluster, paths, context, !remove));
  if (remove)
    await context.progress.step(`state in ${paths.state} removed`, () => removeState(cluster, paths, context));
}

async function stop(
  cluster: ClusterConfig,
  paths: ClusterPaths,
  context: CommandContext,
  inOrder: boolean,
): Promise<void> {
  const { progress, clock } = context;
  // Without the control plane nobody starts anew what the nodes lose, and nobody is told that pods ended: `up` takes the same ones up.
  await progress.step('control plane stopped', () => stopDaemon(paths.controlPlane, clock, CONTROL_PLANE_GRACE_MS));
  const stop = (node: NodeConfig) =>
    progress.step(`node ${node.name} stopped`, () => stopNode(cluster, node, paths, context, inOrder));
  await Promise.all(cluster.nodes.map(stop));
  await progress.step('network removed', () => removeBridge(cluster));
  await context.removeCgroups(CGROUP_MOUNT, cgroupRoot(cluster));
}

/** Never follows a mount out of the state folder. */
async function removeState(cluster: ClusterConfig, paths: ClusterPaths, context: CommandContext): Promise<void> {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const left = mounts.map((line) => line.split(' ')[1] ?? '').filter((point) => point.startsWith(`${paths.state}/`));
  if (left.length > 0) throw new ClusterError(`still mounted, so the state stays: ${left.join(', ')}`);
  await removeFromKubeconfig(context.kubeconfigFile, contextName(cluster.name), context.clock);
  if (existsSync(paths.config)) rmSync(paths.state, { recursive: true, force: true });
}
