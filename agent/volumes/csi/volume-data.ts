import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What must be known of a mounted CSI volume to unmount it, kept beside it as kubelet keeps it. Source: pkg/volume/csi saveVolumeData. */
export interface VolumeData {
  driverName: string;
  volumeHandle: string;
  /** The PersistentVolume's name, or the pod's for it. */
  specVolID: string;
  volumeLifecycleMode: 'Persistent' | 'Ephemeral';
  volumeMode: string;
  /** The VolumeAttachment; empty: the driver needs none. */
  attachmentID: string;
  /** The pod. */
  podUID: string;
}

const FILE = 'vol_data.json';
const PLUGIN = 'kubernetes.io~csi';

export async function saveVolumeData(folder: string, data: VolumeData): Promise<void> {
  await writeFile(join(folder, FILE), JSON.stringify(data), { mode: 0o600 });
}

/** The CSI volumes of a pod, by their folders. */
export async function volumeDataOf(podsDir: string, uid: string): Promise<{ folder: string; data: VolumeData }[]> {
  const folder = join(podsDir, uid, 'volumes', PLUGIN);
  const names = (await readdir(folder).catch(absent)) ?? [];
  const found = await Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(folder, name, FILE), 'utf8').catch(absent);
      // A crash may leave an empty file: nothing was mounted then.
      return text ? [{ folder: join(folder, name), data: JSON.parse(text) as VolumeData }] : [];
    }),
  );
  return found.flat();
}

/** Those of all pods: what the node has in use. */
export async function allVolumeData(podsDir: string): Promise<VolumeData[]> {
  const pods = (await readdir(podsDir).catch(absent)) ?? [];
  const found = await Promise.all(pods.map((uid) => volumeDataOf(podsDir, uid)));
  return found.flat().map(({ data }) => data);
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
}
