import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Payload } from './payload.ts';

const DATA = '..data';
const NEW_DATA = '..data_tmp';

/**
 * Writes a whole payload so that a reader sees the old files or the new ones, never a mixture:
 * the files go to a new folder, the link `..data` is renamed onto it, and each visible name is a link through `..data`.
 * Source: pkg/volume/util/atomic_writer.go. True if anything changed.
 */
export async function writeAtomically(folder: string, payload: Payload, own?: OwnFolder): Promise<boolean> {
  const current = await currentFolder(folder);
  if (current && (await holds(join(folder, current), payload))) {
    await linkVisible(folder, payload);
    return false;
  }
  const fresh = await mkdtemp(`${folder}/..`);
  await chmod(fresh, 0o755);
  await writeFiles(fresh, payload);
  await own?.(fresh);
  await symlink(fresh.slice(folder.length + 1), join(folder, NEW_DATA));
  await rename(join(folder, NEW_DATA), join(folder, DATA));
  await linkVisible(folder, payload);
  await removeStale(folder, payload);
  if (current) await rm(join(folder, current), { recursive: true, force: true });
  return true;
}

/** Gives new files their group before they are seen. */
export type OwnFolder = (folder: string) => Promise<void>;

async function currentFolder(folder: string): Promise<string | undefined> {
  await rm(join(folder, NEW_DATA), { force: true });
  return readlink(join(folder, DATA)).catch(absent);
}

async function holds(folder: string, payload: Payload): Promise<boolean> {
  const present = await filesBelow(folder);
  if (present.length !== payload.size) return false;
  for (const path of present) {
    const wanted = payload.get(path);
    if (!wanted) return false;
    const [data, { mode }] = await Promise.all([readFile(join(folder, path)), lstat(join(folder, path))]);
    // A group's right may have been added to what was asked for.
    if ((mode & wanted.mode & 0o777) !== (wanted.mode & 0o777) || !data.equals(wanted.data)) return false;
  }
  return true;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(absent);
  return (entries ?? [])
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

async function writeFiles(folder: string, payload: Payload): Promise<void> {
  for (const [path, { data, mode, user }] of payload) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true, mode: 0o755 });
    await writeFile(target, data);
    // The process's umask has no say in the mode that was asked for.
    await chmod(target, mode);
    if (user !== undefined) await chown(target, user, 0);
  }
}

const firstSegment = (path: string) => path.split('/', 1)[0]!;

async function linkVisible(folder: string, payload: Payload): Promise<void> {
  for (const name of new Set([...payload.keys()].map(firstSegment))) {
    const target = join(DATA, name);
    if ((await readlink(join(folder, name)).catch(absent)) === target) continue;
    await symlink(target, join(folder, name));
  }
}

async function removeStale(folder: string, payload: Payload): Promise<void> {
  const visible = new Set([...payload.keys()].map(firstSegment));
  for (const name of await readdir(folder)) {
    if (!name.startsWith('..') && !visible.has(name)) await rm(join(folder, name), { recursive: true });
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
