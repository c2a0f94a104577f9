import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { containerdPaths } from '../../agent/runtime/containerd/paths.ts';
import { criRuntime } from '../../agent/runtime/cri-runtime.ts';
import { loadImages as loadOnto } from '../../agent/runtime/images/load.ts';
import { readConfig } from '../../lib/cluster/config.ts';
import { ClusterError } from '../../lib/cluster/error.ts';
import type { ClusterPaths } from '../../lib/cluster/paths.ts';

/** Nothing is loaded unless every file is there. */
export async function loadImages(files: readonly string[], paths: ClusterPaths): Promise<void> {
  const missing = files.find((file) => !existsSync(file));
  if (missing) throw new ClusterError(`there is no file ${missing}`, 2);
  const loads = sockets(paths).map(async ({ name, socket }) => {
    for (const file of files) {
      const images = new Set(await loadOnto(socket, resolve(file)));
      for (const image of images) process.stdout.write(`${name}: ${image}\n`);
    }
  });
  await Promise.all(loads);
}

export async function listImages(paths: ClusterPaths): Promise<void> {
  for (const { name, socket } of sockets(paths)) {
    const runtime = criRuntime(socket);
    try {
      const names = (await runtime.listImages()).flatMap(({ repoTags }) => repoTags);
      for (const image of names.sort()) process.stdout.write(`${name}: ${image}\n`);
    } finally {
      runtime.close();
    }
  }
}

/** Each node has images of its own. */
function sockets(paths: ClusterPaths): { name: string; socket: string }[] {
  const cluster = readConfig(paths.config);
  if (!cluster) throw new ClusterError(`there is no cluster in ${paths.state}`);
  return cluster.nodes.map(({ name }) => {
    const { socket } = containerdPaths(paths.node(name).containerd);
    if (!existsSync(socket)) throw new ClusterError(`node ${name} is not running: zeroplane up starts it`);
    return { name, socket };
  });
}
