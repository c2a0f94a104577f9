import { execFile } from 'node:child_process';
import { VolumeError } from '../payload.ts';

/** Programs that volumes need: mount(8), mkfs, losetup. Resolves to standard output; a failure has both outputs. */
export function run(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, args, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const status = typeof error.code === 'number' ? `exit status ${error.code}` : error.message;
      reject(new CommandError(status, `${stdout}${stderr}`));
    });
  });
}

export class CommandError extends Error {
  readonly output: string;
  readonly status: string;

  constructor(status: string, output: string) {
    super(`${status}: ${output}`);
    this.name = 'CommandError';
    this.output = output;
    this.status = status;
  }
}

export interface MountRequest {
  source: string;
  target: string;
  /** Empty: a bind mount. */
  type: string;
  options: readonly string[];
}

/** Worded as kubelet's mounter does. Source: k8s.io/mount-utils mount_linux.go doMount. */
export async function mount({ source, target, type, options }: MountRequest): Promise<void> {
  const args = [...(type ? ['-t', type] : []), ...(options.length ? ['-o', options.join(',')] : []), source, target];
  try {
    await run('mount', args);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const why = `mount failed: ${error.status}\nMounting command: mount\nMounting arguments: ${args.join(' ')}\nOutput: ${error.output}`;
    throw new VolumeError(why, { cause: error });
  }
}
