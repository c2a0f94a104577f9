import { chmod, mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { devicesOf } from '../volumes/persistent/image-file.ts';
import { run } from '../volumes/persistent/mount-command.ts';

/** How a volume is kept: a folder, as large as the disk; or a file of its size, for a block device or a file system of its own. */
export type Backing = 'folder' | 'image';

/** Whoever the pod runs as may write, as in an emptyDir. */
const MODE = 0o777;

/** The volumes of a node's disk, each below one folder. What is made twice is made once; what is gone is removed. */
export class LocalStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  path(volume: string, backing: Backing): string {
    return join(this.#folder, backing === 'folder' ? volume : `${volume}.img`);
  }

  async make(volume: string, backing: Backing, bytes: number): Promise<string> {
    const path = this.path(volume, backing);
    await mkdir(this.#folder, { recursive: true, mode: 0o711 });
    if (backing === 'image') await atLeast(path, bytes);
    else {
      await mkdir(path, { recursive: true });
      await chmod(path, MODE);
    }
    return path;
  }

  async remove(volume: string): Promise<void> {
    for (const backing of ['folder', 'image'] as const) {
      await rm(this.path(volume, backing), { recursive: true, force: true });
    }
  }

  /** A folder has no size of its own. */
  async grow(volume: string, bytes: number): Promise<void> {
    const path = this.path(volume, 'image');
    if (!(await stat(path).catch(absent))) return;
    await atLeast(path, bytes);
    for (const device of await devicesOf(path)) await run('losetup', ['--set-capacity', device]);
  }
}

/** Sparse: the disk is taken as it is written to. */
async function atLeast(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'a', 0o600);
  try {
    if ((await file.stat()).size < bytes) await file.truncate(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
