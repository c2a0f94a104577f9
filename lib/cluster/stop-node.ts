import type { ClusterConfig, NodeConfig } from './config.ts';
import { type CommandContext, cgroupRoot } from './context.ts';
import { stopDaemon } from './daemon.ts';
import { removeNodeNetwork } from './network/node.ts';
import type { ClusterPaths } from './paths.ts';

const AGENT_GRACE_MS = 5_000;

/** Ends a node's agent, then what it started, then its network. */
export async function stopNode(
  cluster: ClusterConfig,
  node: NodeConfig,
  paths: ClusterPaths,
  context: CommandContext,
  graceSeconds: number,
): Promise<void> {
  await stopDaemon(paths.node(node.name), context.clock, AGENT_GRACE_MS);
  await context.tearDownNode({ node, paths, cgroupRoot: cgroupRoot(cluster, node), graceSeconds });
  await removeNodeNetwork(cluster, node);
}
