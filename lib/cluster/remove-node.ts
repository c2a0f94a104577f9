import { rmSync } from 'node:fs';
import { isReason } from '../api/status.ts';
import type { PersistentVolume } from '../api/types.ts';
import type { Client } from '../client/client.ts';
import { nodes, persistentVolumes } from '../client/resource-type.ts';
import { adminClient, isReady } from './api.ts';
import { type ClusterConfig, readConfig, writeJson } from './config.ts';
import { CGROUP_MOUNT, type CommandContext, cgroupRoot } from './context.ts';
import { type DrainOptions, drain } from './drain.ts';
import { ClusterError } from './error.ts';
import { withLock } from './lock.ts';
import type { ClusterPaths } from './paths.ts';
import { stopNode } from './stop-node.ts';

/** Cordon, drain, end, forget: nothing is left of the node, and its pods run elsewhere. */
export async function removeNode(
  name: string,
  options: DrainOptions,
  paths: ClusterPaths,
  context: CommandContext,
): Promise<void> {
  const { progress, clock } = context;
  if (context.machine.uid !== 0) throw new ClusterError('removing a node needs root: run it with sudo');
  await withLock(paths.lock, async () => {
    const cluster = knownCluster(paths);
    const node = cluster.nodes.find((one) => one.name === name);
    if (!node)
      throw new ClusterError(`there is no node ${name}: ${cluster.nodes.map((one) => one.name).join(', ')}`, 2);
    if (cluster.nodes.length === 1) throw new ClusterError('it is the last node: zeroplane down ends the cluster', 2);
    const client = adminClient(cluster, paths);
    if (!(await isReady(client))) throw new ClusterError('the control plane does not answer: zeroplane up starts it');
    if (!options.force) await checkVolumes(client, name);
    await progress.step(`node ${name} drained`, () => drain(client, name, options, clock).catch(unlessUnknown));
    await progress.step(`node ${name} removed`, async () => {
      // What is not drained, DaemonSets' pods and static ones, has its grace too. An agent at work would register its Node anew.
      await stopNode(cluster, node, paths, context, true);
      await client.delete(nodes, { name }).catch(unlessUnknown);
      writeJson(paths.config, { ...cluster, nodes: cluster.nodes.filter((one) => one !== node) });
      await context.removeCgroups(CGROUP_MOUNT, cgroupRoot(cluster, node));
      rmSync(paths.node(name).folder, { recursive: true, force: true });
    });
  });
}

function knownCluster(paths: ClusterPaths): ClusterConfig {
  const cluster = readConfig(paths.config);
  if (!cluster) throw new ClusterError(`there is no cluster in ${paths.state}`);
  return cluster;
}

/** A node that never registered, or is deleted already. */
function unlessUnknown(error: unknown): void {
  if (!isReason(error, 'NotFound')) throw error;
}

/** Their data lies in the node's folder and goes with it. */
async function checkVolumes(client: Client, node: string): Promise<void> {
  const { items } = await client.list(persistentVolumes);
  const bound = items.filter((volume) => isOnlyOn(volume, node)).map(({ metadata }) => metadata.name);
  if (bound.length === 0) return;
  throw new ClusterError(
    `these volumes are on ${node} alone: ${bound.join(', ')}. --force removes them with their data`,
  );
}

function isOnlyOn({ spec }: PersistentVolume, node: string): boolean {
  const terms = spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const names = (term: (typeof terms)[number]) =>
    term.matchExpressions?.some(
      ({ key, values }) => key === 'kubernetes.io/hostname' && values?.length === 1 && values[0] === node,
    );
  return terms.length > 0 && terms.every(names);
}
