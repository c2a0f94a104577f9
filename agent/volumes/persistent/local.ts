import { mkdir, readFile, readlink, rm, rmdir, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Stored } from '../../../lib/api/object.ts';
import type { PersistentVolume } from '../../../lib/api/types.ts';
import { modeOf } from '../../../lib/api/volumes/match-volume.ts';
import type { Mounter } from '../mount.ts';
import { VolumeError } from '../payload.ts';
import { detach, deviceOf, format, growMounted, growUnmounted, isDeviceLike } from './image-file.ts';
import { mount, run } from './mount-command.ts';
import type { Places } from './places.ts';
import type { Turns } from './turns.ts';

const PLUGIN = 'local-volume';
const DEFAULT_FILE_SYSTEM = 'ext4';

export interface LocalParts {
  places: Places;
  mounter: Mounter;
  turns: Turns;
}

export interface LocalVolume {
  path: string;
  device?: boolean;
  /** False: its file system is smaller than the device until the next mount. */
  grown?: boolean | undefined;
}

/**
 * `local` volumes: a folder as it is; a device, or a file that stands for one, is mounted once for the node's pods, or given
 * to the container as a device. Source: pkg/volume/local.
 */
export async function setUpLocal(
  parts: LocalParts,
  uid: string,
  volume: Stored<PersistentVolume>,
  grow = false,
): Promise<LocalVolume> {
  const path = volume.spec!.local!.path;
  const stats = await stat(path).catch(() => undefined);
  if (!stats)
    throw new VolumeError(`path "${path}" does not exist`, { operation: 'MountVolume.NewMounter initialization' });
  const { name } = volume.metadata;
  if (modeOf(volume.spec) === 'Block') {
    if (!isDeviceLike(stats))
      throw new VolumeError(`${path} is not a block device`, { operation: 'MapVolume.SetUpDevice' });
    return parts.turns.take(name, () => mapDevice(parts, uid, volume, path));
  }
  if (stats.isDirectory()) return { path };
  if (!isDeviceLike(stats)) throw new VolumeError(`only directory and block device are supported, ${path} is neither`);
  return parts.turns.take(name, () => mountDevice(parts, { uid, volume, path, grow }));
}

/** The pod's own sign that it uses the device comes first: whoever ends meanwhile sees it. */
async function mapDevice({ places }: LocalParts, uid: string, volume: Stored<PersistentVolume>, path: string) {
  const link = places.podDevice(uid, PLUGIN, volume.metadata.name);
  await mkdir(dirname(link), { recursive: true, mode: 0o750 });
  const present = await readlink(link).catch(() => undefined);
  const device = await deviceOf(path, await stat(path));
  if (present !== device) {
    await rm(link, { force: true });
    await symlink(device, link);
  }
  await keepSource(places, volume.metadata.name, path);
  return { path: device, device: true };
}

interface DeviceMount {
  uid: string;
  volume: Stored<PersistentVolume>;
  path: string;
  /** The claim waits for its file system to grow. */
  grow: boolean;
}

async function mountDevice(parts: LocalParts, { uid, volume, path, grow }: DeviceMount) {
  const { places, mounter } = parts;
  const { name } = volume.metadata;
  const target = places.podVolume(uid, PLUGIN, name);
  await mkdir(target, { recursive: true, mode: 0o750 });
  const shared = places.globalMount(PLUGIN, name);
  await mkdir(shared, { recursive: true, mode: 0o750 });
  const type = volume.spec?.local?.fsType || DEFAULT_FILE_SYSTEM;
  const device = await deviceOf(path, await stat(path));
  const mounted = (await mounter.below(shared)).includes(shared);
  const grown = !mounted || !grow || (await growMounted(device, type));
  if (!mounted) {
    await format(device, type);
    if (grow) await growUnmounted(device, type);
    await mount({ source: device, target: shared, type, options: volume.spec?.mountOptions ?? [] });
    await keepSource(places, name, path);
  }
  if (!(await mounter.below(target)).includes(target)) await mounter.bind(shared, target);
  return { path: target, grown };
}

/** What a volume is made of, for the day when its object is gone. */
async function keepSource(places: Places, name: string, path: string): Promise<void> {
  const file = sourceFile(places, name);
  await mkdir(dirname(file), { recursive: true, mode: 0o750 });
  await writeFile(file, path);
}

const sourceFile = (places: Places, name: string): string => `${places.globalMount(PLUGIN, name)}.source`;

/** Names of the volumes of the plugin that the pod has; ask before its folder goes. */
export function localVolumesOf({ places }: LocalParts, uid: string): Promise<string[]> {
  return places.volumesOf(uid, PLUGIN);
}

export async function isLocalInUse(places: Places, name: string): Promise<boolean> {
  return (await places.users(PLUGIN, name)).length > 0;
}

/** After the pod's folder is gone: what no pod uses any more is unmounted and detached. */
export async function releaseLocal({ places, mounter, turns }: LocalParts, name: string): Promise<void> {
  await turns.take(name, async () => {
    if (await isLocalInUse(places, name)) return;
    const shared = places.globalMount(PLUGIN, name);
    for (const point of await mounter.below(shared)) await run('umount', [point]);
    await rmdir(shared).catch(() => undefined);
    const source = await readSource(places, name);
    if (source) await detach(source);
    await rm(sourceFile(places, name), { force: true });
  });
}

function readSource(places: Places, name: string): Promise<string | undefined> {
  return readFile(sourceFile(places, name), 'utf8').catch(() => undefined);
}

/** A mounted file system learns that its device has grown. False: it is to wait for the next mount. */
export async function growLocal(
  { places, mounter }: Pick<LocalParts, 'places' | 'mounter'>,
  { metadata, spec }: PersistentVolume,
): Promise<boolean> {
  const path = spec!.local!.path;
  const stats = await stat(path);
  // A folder has no size, and whoever uses a device sees its size.
  if (stats.isDirectory() || modeOf(spec) === 'Block') return true;
  const shared = places.globalMount(PLUGIN, metadata?.name ?? '');
  if (!(await mounter.below(shared)).includes(shared)) return false;
  return growMounted(await deviceOf(path, stats), spec?.local?.fsType || DEFAULT_FILE_SYSTEM);
}
