import { mkdir, readFile } from 'node:fs/promises';
import { run } from './persistent/mount-command.ts';

/**
 * What a driver's pod mounts must be seen on the node: its folder must lie on a mount that passes mounts on. systemd makes the
 * whole tree so; elsewhere the folder becomes a mount of its own. Source: mount_namespaces(7), KEP-432.
 */
export async function shareFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (isShared(await readFile('/proc/self/mountinfo', 'utf8'), folder)) return;
  await run('mount', ['--bind', folder, folder]);
  await run('mount', ['--make-rshared', folder]);
}

export async function unshareFolder(folder: string): Promise<void> {
  const points = mounts(await readFile('/proc/self/mountinfo', 'utf8')).filter(({ point }) => point === folder);
  for (const { point } of points) await run('umount', ['--lazy', point]);
}

/** Whether the mount that holds the folder is shared: proc(5), mountinfo's optional fields. */
export function isShared(mountinfo: string, folder: string): boolean {
  const holders = mounts(mountinfo).filter(
    ({ point }) => point === '/' || point === folder || folder.startsWith(`${point}/`),
  );
  const depth = Math.max(...holders.map(({ point }) => point.length));
  // The last of those mounted at one place is the one that is seen.
  return holders.filter(({ point }) => point.length === depth).at(-1)?.shared ?? false;
}

function mounts(mountinfo: string): { point: string; shared: boolean }[] {
  return mountinfo
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [before = ''] = line.split(' - ');
      const fields = before.split(' ');
      const point = fields[4]!.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
      return { point, shared: fields.slice(6).some((field) => field.startsWith('shared:')) };
    });
}
