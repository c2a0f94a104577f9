import { ociArchive } from './oci-archive.ts';
import { type Architecture, pauseBinary } from './pause-binary.ts';

/** Ours, so that no registry is asked; never collected, as every pod needs it. */
export const SANDBOX_IMAGE = 'docker.io/zeroplane/pause:1';

export function pauseImage(architecture: Architecture): Buffer {
  return ociArchive({
    name: SANDBOX_IMAGE,
    architecture,
    files: [{ path: 'pause', content: pauseBinary(architecture), mode: 0o755 }],
    config: { Entrypoint: ['/pause'], Env: ['PATH=/'], User: '65535:65535' },
  });
}

/** Node's `process.arch` in the words of container images. */
export function imageArchitecture(arch: string): Architecture {
  if (arch === 'x64') return 'amd64';
  if (arch === 'arm64') return 'arm64';
  throw new Error(`no sandbox image for the architecture ${arch}: x64 and arm64 are supported`);
}
