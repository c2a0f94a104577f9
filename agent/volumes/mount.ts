import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The mount table changes that volumes need. */
export interface Mounter {
  tmpfs(target: string, options: readonly string[]): Promise<void>;
  bind(source: string, target: string): Promise<void>;
  unmount(target: string): Promise<void>;
  /** Mount points at or below the folder, innermost first. */
  below(folder: string): Promise<string[]>;
}

/** mount(8) and umount(8): Node has no such call. */
export const systemMounter: Mounter = {
  async tmpfs(target, options) {
    await run('mount', ['-t', 'tmpfs', ...(options.length ? ['-o', options.join(',')] : []), 'tmpfs', target]);
  },
  async bind(source, target) {
    await run('mount', ['--bind', source, target]);
  },
  async unmount(target) {
    await run('umount', ['--lazy', target]);
  },
  async below(folder) {
    const table = await readFile('/proc/self/mountinfo', 'utf8');
    return mountPoints(table).filter((point) => point === folder || point.startsWith(`${folder}/`));
  },
};

/** proc(5): the fifth field of mountinfo, with blanks written as \040. Later mounts first. */
export function mountPoints(mountinfo: string): string[] {
  return mountinfo
    .split('\n')
    .filter(Boolean)
    .map((line) =>
      line.split(' ')[4]!.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .reverse();
}
