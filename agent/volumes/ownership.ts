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
  const rights = readOnly ? READ_ONLY : READ_WRITE;
  const directory = stat.isDirectory();
  await chmod(path, (stat.mode & 0o7777) | rights | (directory ? SETGID | EXECUTE : 0));
  if (!directory) return;
  for (const name of await readdir(path)) await giveToGroup(join(path, name), group, readOnly);
}
