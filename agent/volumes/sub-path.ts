import { constants } from 'node:fs';
import { chmod, mkdir, open, readlink, realpath, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Mounter } from './mount.ts';
import { VolumeError } from './payload.ts';

const O_PATH = 0o10000000;

/**
 * Binds a path inside a volume to a place of its own, so that the container gets what was checked here,
 * whatever links others in the pod make meanwhile. Source: k8s.io/mount-utils subpath (CVE-2017-1002101).
 */
export async function bindSubPath(volume: string, subPath: string, target: string, mounter: Mounter): Promise<string> {
  const root = await realpath(volume);
  const path = await ensure(root, subPath);
  const handle = await open(path, O_PATH | constants.O_NOFOLLOW);
  try {
    const opened = await readlink(`/proc/self/fd/${handle.fd}`);
    if (!isWithin(root, opened)) throw outside(subPath, volume);
    await placeFor(target, (await stat(path)).isDirectory());
    if (!(await mounter.below(target)).includes(target))
      await mounter.bind(`/proc/${process.pid}/fd/${handle.fd}`, target);
    return target;
  } finally {
    await handle.close();
  }
}

/** The real path, made as a folder if nothing is there. */
async function ensure(root: string, subPath: string): Promise<string> {
  const wanted = join(root, subPath);
  if (!isWithin(root, wanted)) throw outside(subPath, root);
  const present = await realpath(wanted).catch(() => undefined);
  if (present) {
    if (!isWithin(root, present)) throw outside(subPath, root);
    return present;
  }
  await ensure(root, dirname(subPath) === '.' ? '' : dirname(subPath));
  // As wide as the volume itself: whoever may write there may write here.
  await mkdir(wanted);
  await chmod(wanted, (await stat(root)).mode & 0o7777);
  return realpath(wanted);
}

async function placeFor(target: string, directory: boolean): Promise<void> {
  if (directory) await mkdir(target, { recursive: true, mode: 0o750 });
  else {
    await mkdir(dirname(target), { recursive: true, mode: 0o750 });
    await writeFile(target, '', { flag: 'a', mode: 0o640 });
  }
}

function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}

function outside(subPath: string, volume: string): VolumeError {
  return new VolumeError(
    `failed to prepare subPath for volumeMount: subpath "${subPath}" not within volume path "${volume}"`,
  );
}
