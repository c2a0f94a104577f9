import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fullImageName } from './names.ts';
import { imageArchitecture, pauseImage } from './pause.ts';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** containerd's own client, in the namespace that CRI reads. `socket` is containerd's. */
async function ctr(socket: string, ...args: string[]): Promise<string> {
  const all = ['--address', socket, '--namespace', 'k8s.io', ...args];
  return (await run('ctr', all, { maxBuffer: MAX_OUTPUT_BYTES })).stdout;
}

/** Loads what `docker save` or an OCI layout archive holds. Returns the images' full names. */
export async function loadImages(socket: string, file: string): Promise<string[]> {
  const output = await ctr(socket, 'images', 'import', file);
  const names = Array.from(output.matchAll(/^unpacking (\S+)/gm), (match) => match[1] as string);
  return Promise.all(names.map((name) => renamed(socket, name)));
}

/** OCI archives may carry short names, under which CRI would never look. */
async function renamed(socket: string, name: string): Promise<string> {
  const full = fullImageName(name);
  if (full === name) return name;
  await ctr(socket, 'images', 'tag', '--force', name, full);
  await ctr(socket, 'images', 'rm', name);
  return full;
}

/** Makes and loads the sandbox image. `scratch` is a folder for the archive. */
export async function loadSandboxImage(socket: string, scratch: string): Promise<void> {
  const folder = await mkdtemp(join(scratch, 'pause-'));
  try {
    const file = join(folder, 'pause.tar');
    await writeFile(file, pauseImage(imageArchitecture(process.arch)));
    await loadImages(socket, file);
  } finally {
    await rm(folder, { recursive: true });
  }
}
