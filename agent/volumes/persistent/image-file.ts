import { existsSync, type Stats } from 'node:fs';
import { type CommandError, run } from './mount-command.ts';

/** What a block device is made of, or may be: a device, or a file that stands for one. */
export const isDeviceLike = (stats: Stats): boolean => stats.isBlockDevice() || stats.isFile();

/** The loop device of a file: the one it has, or a new one. A device is its own. */
export async function deviceOf(path: string, stats: Stats): Promise<string> {
  if (stats.isBlockDevice()) return path;
  const [present] = await devicesOf(path);
  return present ?? (await run('losetup', ['--find', '--show', path])).trim();
}

/** A file that was deleted meanwhile holds its device all the same. */
export async function devicesOf(path: string): Promise<string[]> {
  return (await loopDevices()).filter(({ file }) => file === path).map(({ device }) => device);
}

async function loopDevices(): Promise<{ device: string; file: string }[]> {
  const lines = (await run('losetup', ['--list', '--noheadings', '--raw', '--output', 'NAME,BACK-FILE'])).split('\n');
  return lines.flatMap((line) => {
    const [, device, file] = /^(\S+) (.*?)(?:\\x20\(deleted\)| \(deleted\))?$/.exec(line) ?? [];
    return device && file ? [{ device, file }] : [];
  });
}

/** Lets go of a file's loop device. */
export async function detach(path: string): Promise<void> {
  for (const device of await devicesOf(path)) await run('losetup', ['--detach', device]);
}

/** Makes a file system where there is none; what is there stays. Source: mount-utils formatAndMount. */
export async function format(device: string, type: string): Promise<void> {
  if (await fileSystemOf(device)) return;
  const args = type.startsWith('ext') ? ['-F', '-m0', device] : [device];
  await run(`mkfs.${type}`, args);
}

async function fileSystemOf(device: string): Promise<string> {
  // blkid(8): 2, nothing was found.
  const args = ['--match-tag', 'TYPE', '--output', 'value', '--probe', device];
  return (await run('blkid', args).catch(() => '')).trim();
}

/** While it is mounted. False: the kernel or our rights allow it only before the next mount. */
export async function growMounted(device: string, type: string): Promise<boolean> {
  if (!type.startsWith('ext') && type !== 'xfs') return false;
  const command = type === 'xfs' ? 'xfs_growfs' : 'resize2fs';
  return run(command, [device]).then(
    () => true,
    () => false,
  );
}

/** Before it is mounted. xfs can only while it is. */
export async function growUnmounted(device: string, type: string): Promise<void> {
  if (!type.startsWith('ext')) return;
  // resize2fs(8) asks for a check first; its exit status 1 says that something was mended.
  await run('e2fsck', ['-f', '-p', device]).catch((error: CommandError) => {
    if (error.status !== 'exit status 1') throw error;
  });
  await run('resize2fs', [device]);
}

/** Lets go of all files below a folder. */
export async function detachBelow(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  for (const { device, file } of await loopDevices())
    if (file.startsWith(`${folder}/`)) await run('losetup', ['--detach', device]);
}
