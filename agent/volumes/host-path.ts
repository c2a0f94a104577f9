import type { Stats } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { HostPathVolumeSource } from '../../lib/api/types.ts';
import { VolumeError } from './payload.ts';

const IS: Record<string, (stats: Stats) => boolean> = {
  Directory: (stats) => stats.isDirectory(),
  File: (stats) => stats.isFile(),
  Socket: (stats) => stats.isSocket(),
  CharDevice: (stats) => stats.isCharacterDevice(),
  BlockDevice: (stats) => stats.isBlockDevice(),
};

const WORDS: Record<string, string> = {
  Directory: 'is not a directory',
  File: 'is not a file',
  Socket: 'is not a socket file',
  CharDevice: 'is not a character device',
  BlockDevice: 'is not a block device',
};

/** Checks, and for the OrCreate types makes, what a hostPath volume names. Source: pkg/volume/hostpath checkType. */
export async function setUpHostPath({ path, type = '' }: HostPathVolumeSource): Promise<string> {
  const wanted = type.replace('OrCreate', '');
  if (!wanted) return path;
  const stats = await stat(path).catch(() => undefined);
  if (!stats && type === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: 0o755 });
  else if (!stats && type === 'FileOrCreate') await touch(path);
  else if (!stats || !IS[wanted]?.(stats)) throw wrongType(path, wanted);
  return path;
}

async function touch(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await (await open(path, 'a', 0o644)).close();
}

function wrongType(path: string, wanted: string): VolumeError {
  return new VolumeError(`hostPath type check failed: ${path} ${WORDS[wanted] ?? `is not a ${wanted}`}`);
}
