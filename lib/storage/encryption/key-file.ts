import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { type KeyRing, parseRing, type RingSource, withNewKey } from './key-ring.ts';

/** A ring in a file that only its owner reads. It is read again when it changes: a key that is added is used at once. */
export function keyFile(path: string): RingSource {
  let known: { ring: KeyRing; stamp: string } | undefined;
  const read = async () => {
    const { mtimeMs, ino, size } = statSync(path);
    const stamp = `${ino} ${mtimeMs} ${size}`;
    if (known?.stamp !== stamp) known = { ring: readKeyFile(path), stamp };
    return known.ring;
  };
  return { read, refresh: read };
}

export function readKeyFile(path: string): KeyRing {
  return parseRing(readFileSync(path, 'utf8'), path);
}

/** Whole or not at all, and on the disk before anything is sealed with it. */
export function writeKeyFile(path: string, ring: KeyRing): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.new`;
  const file = openSync(fresh, 'w', 0o600);
  writeSync(file, `${JSON.stringify(ring, undefined, 2)}\n`);
  fsyncSync(file);
  closeSync(file);
  renameSync(fresh, path);
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

/** Made once, with one key. */
export function ensureKeyFile(path: string): void {
  if (!existsSync(path)) writeKeyFile(path, withNewKey({ keys: [] }));
}
