import { chmod, lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const READ_WRITE = 0o660;
const READ_ONLY = 0o440;
const EXECUTE = 0o110;
const SETGID = 0o2000;

/**
 * Gives a volume to the pod's fsGroup: its files are the group's, new ones inherit it.
 * Source: pkg/volume/volume_linux.go changeFilePermission.
 */
export async function giveToGroup(path: string, group: number, readOnly: boolean): Promise<void> {
  const stat = await lstat(path);
  if (stat.isSymbolicLink()) {
    await lchown(path, stat.uid, group);
    return;
  }
  await lchown(path, stat.uid, group);
  await chmod(path, (stat.mode & 0o7777) | rightsFor(stat.isDirectory(), readOnly));
  if (!stat.isDirectory()) return;
  for (const name of await readdir(path)) await giveToGroup(join(path, name), group, readOnly);
}

function rightsFor(directory: boolean, readOnly: boolean): number {
  return (readOnly ? READ_ONLY : READ_WRITE) | (directory ? SETGID | EXECUTE : 0);
}

/** KEP-695: with OnRootMismatch a volume whose root is the group's is taken to be so below. */
export async function giveVolumeToGroup(
  path: string,
  group: number,
  policy: string | undefined,
  readOnly = false,
): Promise<void> {
  if (policy === 'OnRootMismatch') {
    const { gid, mode } = await lstat(path);
    const wanted = rightsFor(true, readOnly);
    if (gid === group && (mode & wanted) === wanted) return;
  }
  await giveToGroup(path, group, readOnly);
}
