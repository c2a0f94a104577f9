import type { ClusterConfig, NodeConfig } from './config.ts';
import { type CommandContext, cgroupRoot } from './context.ts';
import { stopDaemon } from './daemon.ts';
import { removeNodeNetwork } from './network/node.ts';
import type { ClusterPaths, ProcessPaths } from './paths.ts';
import { DEFAULT_SHUTDOWN_GRACE } from './shutdown-grace.ts';

const AGENT_GRACE_MS = 5_000;
/** Containers that are killed in the end have to die too, in both of the phases. */
const SHUTDOWN_MARGIN_MS = 15_000;
const CONTAINER_GRACE_SECONDS = 2;

/** Ends a node's agent, then what it started, then its network. In order: its pods end with their grace, the agent sees to that. */
export async function stopNode(
  cluster: ClusterConfig,
  node: NodeConfig,
  paths: ClusterPaths,
  context: CommandContext,
  inOrder: boolean,
): Promise<void> {
  await stopAgent(cluster, paths.node(node.name), context, inOrder);
  // What an agent that had died before could not end.
  const graceSeconds = inOrder ? CONTAINER_GRACE_SECONDS : 0;
  await context.tearDownNode({ node, paths, cgroupRoot: cgroupRoot(cluster, node), graceSeconds });
  await removeNodeNetwork(cluster, node);
}

async function stopAgent(
  cluster: ClusterConfig,
  files: ProcessPaths,
  { clock }: CommandContext,
  inOrder: boolean,
): Promise<void> {
  if (!inOrder) return stopDaemon(files, clock, AGENT_GRACE_MS);
  const { totalMs } = cluster.shutdownGrace ?? DEFAULT_SHUTDOWN_GRACE;
  await stopDaemon(files, clock, totalMs + SHUTDOWN_MARGIN_MS, 'SIGPWR');
}
