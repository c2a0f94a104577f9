import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Removes a cgroup with all below it: on version 1 in every hierarchy under the mount, on version 2 in the only one. Idempotent. */
export async function removeCgroups(mount: string, root: string): Promise<void> {
  const unified = (await readdir(mount)).includes('cgroup.controllers');
  const hierarchies = unified ? [mount] : (await folders(mount)).map((name) => join(mount, name));
  await Promise.all(hierarchies.map((hierarchy) => removeTree(join(hierarchy, root))));
}

/** From the leaves up; the files in a cgroup are the kernel's. */
async function removeTree(folder: string): Promise<void> {
  for (const child of await folders(folder)) await removeTree(join(folder, child));
  await rmdir(folder).catch(ignoreMissing);
}

async function folders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(ignoreMissing);
  return (entries ?? []).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
}
