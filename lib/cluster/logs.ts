import { readConfig } from './config.ts';
import { ClusterError } from './error.ts';
import type { ClusterPaths } from './paths.ts';

/** Components with a log, and its file. */
export function logFiles(paths: ClusterPaths): Map<string, string> {
  const nodes = readConfig(paths.config)?.nodes ?? [];
  return new Map([
    ['control-plane', paths.controlPlane.log],
    ...nodes.flatMap(({ name }): [string, string][] => {
      const { log, containerd } = paths.node(name);
      return [
        [name, log],
        [`${name}/containerd`, `${containerd}/log`],
      ];
    }),
  ]);
}

/** The log file of `control-plane`, `NODE` (its agent) or `NODE/containerd`. */
export function logFile(component: string, paths: ClusterPaths): string {
  const files = logFiles(paths);
  const file = files.get(component);
  if (file) return file;
  throw new ClusterError(`there is no component ${component}; there are ${[...files.keys()].join(', ')}`, 2);
}
