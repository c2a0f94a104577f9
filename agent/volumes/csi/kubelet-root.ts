import { join } from 'node:path';

/** Where drivers expect the kubelet's files. */
const KUBELET = '/var/lib/kubelet';

/**
 * Several nodes share one machine, so that each keeps its files below a folder of its own; to pods of the node that folder is
 * /var/lib/kubelet. A driver's pod mounts parts of it from there, and the paths it is told are as it sees them.
 */
export class KubeletRoot {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Where a path that a pod names lies on the machine. */
  onHost(path: string): string {
    return path === KUBELET || path.startsWith(`${KUBELET}/`) ? join(this.folder, path.slice(KUBELET.length)) : path;
  }

  /** How a driver's pod sees a path of the machine. */
  asSeen(path: string): string {
    return path === this.folder || path.startsWith(`${this.folder}/`)
      ? join(KUBELET, path.slice(this.folder.length))
      : path;
  }
}
