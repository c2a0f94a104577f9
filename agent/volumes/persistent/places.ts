import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The folders of a kubelet root that persistent volumes use, named as kubelet names them. */
export class Places {
  readonly root: string;
  readonly #podsDir: string;

  constructor(root: string, podsDir: string) {
    this.root = root;
    this.#podsDir = podsDir;
  }

  podVolume(uid: string, plugin: string, volume: string): string {
    return join(this.#podsDir, uid, 'volumes', pluginFolder(plugin), volume);
  }

  podDevice(uid: string, plugin: string, volume: string): string {
    return join(this.#podsDir, uid, 'volumeDevices', pluginFolder(plugin), volume);
  }

  /** Where a device is mounted once for all pods of the node. */
  globalMount(plugin: string, volume: string): string {
    return join(this.root, 'plugins', `kubernetes.io/${plugin}`, 'mounts', volume);
  }

  /** Pods that have the volume, as their folders tell: also after a restart of the agent. */
  async users(plugin: string, volume: string): Promise<string[]> {
    const pods = await readdir(this.#podsDir);
    const found = await Promise.all(
      pods.map(async (uid) => {
        const kinds = ['volumes', 'volumeDevices'].map((kind) => join(this.#podsDir, uid, kind, pluginFolder(plugin)));
        const names = await Promise.all(kinds.map((folder) => readdir(folder).catch(absent)));
        return names.some((list) => list?.includes(volume)) ? uid : undefined;
      }),
    );
    return found.filter((uid) => uid !== undefined);
  }

  /** What a pod has of a plugin: [folder of the kind, volume]. */
  async volumesOf(uid: string, plugin: string): Promise<string[]> {
    const kinds = ['volumes', 'volumeDevices'].map((kind) => join(this.#podsDir, uid, kind, pluginFolder(plugin)));
    const names = await Promise.all(kinds.map((folder) => readdir(folder).catch(absent)));
    return [...new Set(names.flatMap((list) => list ?? []))];
  }
}

const pluginFolder = (plugin: string): string => `kubernetes.io~${plugin}`;

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
}
