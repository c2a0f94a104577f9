import { readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { ClusterError } from './error.ts';
import type { ClusterPaths } from './paths.ts';
import { up } from './up.ts';

/** The cluster as it is, with so many nodes more. */
export async function addNodes(
  name: string,
  count: number,
  paths: ClusterPaths,
  context: CommandContext,
): Promise<void> {
  const cluster = readConfig(paths.config);
  if (!cluster) throw new ClusterError(`there is no cluster ${name} in ${paths.state}: zeroplane up makes one`);
  await up({ name, nodes: cluster.nodes.length + count }, paths, context);
}
