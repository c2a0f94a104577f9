import type { Info } from '../api/types.ts';

/** The Kubernetes release whose API is served. */
export const KUBERNETES_VERSION = '1.37.2';

/** `v1.37.2+zeroplane.0.1.0` */
export function gitVersion(version: string): string {
  return `v${KUBERNETES_VERSION}+zeroplane.${version}`;
}

/** What /version answers. `goVersion` and `compiler` name what we run on. */
export function versionInfo(version: string): Info {
  const [major, minor] = KUBERNETES_VERSION.split('.');
  return {
    major: major!,
    minor: minor!,
    emulationMajor: major!,
    emulationMinor: minor!,
    minCompatibilityMajor: major!,
    minCompatibilityMinor: String(Number(minor) - 1),
    gitVersion: gitVersion(version),
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: `node ${process.version}`,
    compiler: 'v8',
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
}
