import { readdirSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { removeCgroups } from '../../agent/runtime/cgroups.ts';
import { tearDownContainerd } from '../../agent/runtime/containerd/teardown.ts';
import { detachBelow } from '../../agent/volumes/persistent/image-file.ts';
import { unshareFolder } from '../../agent/volumes/shared-folder.ts';
import { type ClusterConfig, readConfig } from '../../lib/cluster/config.ts';
import { CGROUP_MOUNT, type CommandContext } from '../../lib/cluster/context.ts';
import { agentCommand, controlPlaneCommand } from '../../lib/cluster/daemon-command.ts';
import { ClusterError } from '../../lib/cluster/error.ts';
import { kubeconfigFile } from '../../lib/cluster/kubeconfig.ts';
import { type ClusterPaths, clusterPaths } from '../../lib/cluster/paths.ts';
import { thisMachine } from '../../lib/cluster/preflight.ts';
import { progressTo } from '../../lib/cluster/progress.ts';
import type { Clock } from '../../lib/runtime/clock.ts';

/** What the commands take from the machine and its user. */
export interface Environment {
  readonly version: string;
  readonly context: CommandContext;
  /** How kubectl is to run this tool. */
  readonly plugin: { command: string; args: readonly string[] };
  paths(name: string, stateDir: string | undefined): ClusterPaths;
}

/** @param programs the folder of the bundles */
export function environment(env: NodeJS.ProcessEnv, programs: string, version: string, clock: Clock): Environment {
  // An empty HOME is no folder: the state would land wherever the command was called.
  const home = homedir() || userInfo().homedir;
  const clusters = join(home, '.zeroplane');
  const context: CommandContext = {
    clock,
    progress: progressTo((text) => process.stdout.write(text), clock),
    machine: thisMachine(env['PATH'] ?? ''),
    version,
    kubeconfigFile: kubeconfigFile(env['KUBECONFIG'], home),
    machineLock: '/run/zeroplane.lock',
    controlPlaneCommand: controlPlaneCommand(process.execPath, join(programs, 'control-plane.js')),
    agentCommand: agentCommand(process.execPath, join(programs, 'agent.js')),
    otherConfigs: () => configsIn(clusters),
    removeCgroups,
    async tearDownNode({ node, paths, cgroupRoot, graceSeconds }) {
      const { folder, containerd, pods, volumes } = paths.node(node.name);
      await tearDownContainerd({
        folder: containerd,
        mountsBelow: [pods, join(folder, 'plugins')],
        cgroupMount: CGROUP_MOUNT,
        cgroupRoot,
        graceSeconds,
        clock,
      });
      await detachBelow(volumes);
      await unshareFolder(folder);
    },
  };
  const paths = (name: string, stateDir: string | undefined) => clusterPaths(resolve(stateDir ?? join(clusters, name)));
  const plugin = { command: process.execPath, args: [join(programs, 'zeroplane.js')] };
  return { version, context, plugin, paths };
}

function configsIn(folder: string): ClusterConfig[] {
  try {
    return readdirSync(folder).flatMap((name) => configIn(join(folder, name)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** One damaged cluster must not keep the others from starting. */
function configIn(folder: string): ClusterConfig[] {
  try {
    const config = readConfig(join(folder, 'cluster.json'));
    return config ? [config] : [];
  } catch (error) {
    if (error instanceof ClusterError) return [];
    throw error;
  }
}
