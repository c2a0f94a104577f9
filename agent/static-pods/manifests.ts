import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stored } from '../../lib/api/object.ts';
import type { Pod } from '../../lib/api/types.ts';
import type { Log } from '../context.ts';
import { type ReadManifest, staticPod } from './static-pod.ts';

interface Read {
  /** Size and time of the file that was read. */
  stamp: string;
  pod: Stored<Pod> | undefined;
}

/** A folder of manifests, one pod a file. What cannot be read is told of once and left out. */
export class Manifests {
  readonly #folder: string;
  readonly #nodeName: string;
  readonly #read: ReadManifest;
  readonly #log: Log;
  readonly #files = new Map<string, Read>();

  constructor(folder: string, nodeName: string, read: ReadManifest, log: Log) {
    this.#folder = folder;
    this.#nodeName = nodeName;
    this.#read = read;
    this.#log = log;
  }

  /** The pods that the folder asks for now. Two files that ask for the same name: the first one has it. */
  async pods(): Promise<Stored<Pod>[]> {
    await mkdir(this.#folder, { recursive: true });
    // As kubelet does: editors' files and hidden ones are no manifests.
    const names = (await readdir(this.#folder)).filter((name) => /^[^.].*\.(?:ya?ml|json)$/.test(name)).sort();
    for (const known of this.#files.keys()) if (!names.includes(known)) this.#files.delete(known);
    for (const name of names) await this.#refresh(name);
    const pods = new Map<string, Stored<Pod>>();
    for (const name of names) {
      const pod = this.#files.get(name)?.pod;
      const key = `${pod?.metadata.namespace}/${pod?.metadata.name}`;
      if (pod && !pods.has(key)) pods.set(key, pod);
    }
    return [...pods.values()];
  }

  async #refresh(name: string): Promise<void> {
    const path = join(this.#folder, name);
    const stats = await stat(path).catch(() => undefined);
    if (!stats?.isFile()) {
      this.#files.delete(name);
      return;
    }
    const stamp = `${stats.mtimeMs} ${stats.size} ${stats.ino}`;
    if (this.#files.get(name)?.stamp === stamp) return;
    this.#files.set(name, { stamp, pod: await this.#parse(path) });
  }

  async #parse(path: string): Promise<Stored<Pod> | undefined> {
    try {
      return staticPod(this.#read(await readFile(path, 'utf8')), path, this.#nodeName);
    } catch (error) {
      this.#log('cannot read the manifest of a static pod', { path, error });
      return undefined;
    }
  }
}
